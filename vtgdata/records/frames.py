"""Types for what is seen of a video: its facts, which frames to take, and the frames."""

from typing import Literal

import msgspec


class VideoFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a decoder finds out about a file."""

    duration: float
    """Length of the video stream, in seconds from its first frame; above 0."""
    fps: float | None
    """Average frames a second; None if neither header nor timestamps tell."""
    start_time: float
    """Time of the first frame on the container's own clock, in seconds; all other times count from the first frame."""
    width: int
    """Pixels as shown, after rotation."""
    height: int
    rotation: int
    """Degrees counter-clockwise by which players turn the stored picture: 0, 90, 180 or 270."""
    codec: str
    n_frames: int | None
    """Number of frames that the header states, which may differ from the number that decodes; None if not stated."""
    variable: bool | None = None
    """Whether frames are shown for unequal times (variable frame rate); None if not checked."""
    truncated: bool = False
    """Whether the file ends before its container says; then `duration` is the length that is left."""
    streams: tuple[str, ...] = ()
    """Kind and codec of each stream, as in `video h264`, `audio aac`."""
    read_from: dict[str, str] = {}
    """{fact: where it was read}: `stream`, `container`, `frame` (the first one), `index` or `scan` (all packets)."""


class TokenBudget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many visual tokens a video may cost, for models that cut frames into square patches."""

    total: int
    """Tokens of all frames together."""
    least: int = 1
    """Least tokens of a frame (or a group); if the total is too small for that, fewer frames are taken."""
    most: int | None = None
    """Most tokens of a frame (or a group)."""
    patch: int = 28
    """Side in pixels of the square that one token stands for."""
    group: int = 1
    """Number of frames that share tokens: 2 for a model that takes frames in pairs."""
    rule: Literal["qwen_vl"] | msgspec.UnsetType = msgspec.UNSET
    """If `qwen_vl`, numbers and sizes of frames are exactly those of Qwen-VL's released code, which also enlarges small
    frames (`video.qwen_frames`). If unset, it is left out when a sampling is written."""


class FrameSampling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which frames of a video a model sees, and at what size."""

    frames: int | None = 32
    """Number of frames, or the maximum when `fps` is set."""
    fps: float | None = None
    """Frames a second; None takes `frames` evenly spaced ones."""
    midpoint: bool = False
    """Take each interval's middle rather than its start."""
    short_side: int = 336
    """Pixels; smaller frames are not enlarged."""
    tokens: TokenBudget | msgspec.UnsetType = msgspec.UNSET
    """If given, it sets the frame size, and `short_side` is not used. If unset, it is left out when a sampling is
    written, so that samplings without a budget keep their fingerprints."""
    shown_as: Literal["video"] | msgspec.UnsetType = msgspec.UNSET
    """If `video`, a model is shown the frames as one video and is told their times by its own processor. If unset, each
    frame is a picture after its time as text, and this is left out when a sampling is written."""

    @property
    def as_video(self) -> bool:
        """Whether the frames are shown as one video."""
        return self.shown_as == "video"

    def chosen(self) -> "FrameSampling":
        """Which frames are taken, however they are shown: what the frame store goes by."""
        return msgspec.structs.replace(self, shown_as=msgspec.UNSET)


class Frames(msgspec.Struct, frozen=True, kw_only=True):
    """What a model sees of one video, as the frame store gives it."""

    frames_id: str
    """Fingerprint of the video's bytes, the sampling and the decoder's name; empty when there are no frames."""
    times: tuple[float, ...]
    """Seconds from the first frame at which each image is really shown."""
    images: tuple[bytes, ...]
    """JPEGs, one for each time."""
    duration: float
    """Probed duration of the video in seconds; 0 when it cannot be read."""
    status: str
    """`ok`; or `missing`, `not a video (what)`, `no video stream`, `truncated at 12.4 s` or `unreadable: reason`: with
    any of these there are no times and no images."""
