"""The data types: windows, videos, samples, corpora, frames, messages, replies; arithmetic of windows and times."""

from vtgdata.records.corpus import (
    Bound,
    Corpus,
    Example,
    RawRow,
    Split,
    Unit,
)
from vtgdata.records.frames import (
    Frames,
    FrameSampling,
    TokenBudget,
    VideoFacts,
)
from vtgdata.records.model import (
    Answer,
    Endpoint,
    Image,
    Message,
    Model,
    Part,
    Reply,
    Request,
    Sampling,
    Text,
)
from vtgdata.records.sample import (
    Drop,
    LeftOut,
    Repair,
    Sample,
    Task,
    Video,
    Window,
)

__all__ = [
    "Answer",
    "Bound",
    "Corpus",
    "Drop",
    "Endpoint",
    "Example",
    "FrameSampling",
    "Frames",
    "Image",
    "LeftOut",
    "Message",
    "Model",
    "Part",
    "RawRow",
    "Repair",
    "Reply",
    "Request",
    "Sample",
    "Sampling",
    "Split",
    "Task",
    "Text",
    "TokenBudget",
    "Unit",
    "Video",
    "VideoFacts",
    "Window",
]
