"""What is seen of a video: its facts, which frames are taken, and the frames."""

import msgspec


class VideoFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a decoder finds out about a file."""

    duration: float
    """Seconds for which its video stream shows something, from the first frame; above 0."""
    fps: float | None
    """Average frames a second, None where neither header nor timestamps tell."""
    start_time: float
    """Seconds on the container's own clock at which the first frame is shown; all other times here start there."""
    width: int
    """Pixels as shown, after rotation."""
    height: int
    rotation: int
    """Degrees counter-clockwise by which players turn the stored picture: 0, 90, 180 or 270."""
    codec: str
    n_frames: int | None
    """What the header says, which may differ from what decodes; None where it says nothing."""
    variable: bool | None = None
    """Whether frames are shown for unequal times; None where nobody looked."""
    truncated: bool = False
    """The file ends before its container says: `duration` is what is left of it."""
    streams: tuple[str, ...] = ()
    """Kind and codec of each stream, as in `video h264`, `audio aac`."""
    read_from: dict[str, str] = {}
    """Where a fact was read: `stream`, `container`, `frame` (the first one), `index` or `scan` (all packets)."""


class TokenBudget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many visual tokens a video may cost, as models count them that cut frames into square patches."""

    total: int
    """Tokens of all frames together."""
    least: int = 1
    """Tokens that a frame (or a group) gets at least: where the total does not reach, there are fewer frames."""
    most: int | None = None
    """Tokens that a frame (or a group) gets at most."""
    patch: int = 28
    """Side in pixels of the square that one token stands for."""
    group: int = 1
    """Frames that share their tokens: 2 where a model takes video in pairs."""


class FrameSampling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which frames of a video a model sees, and at what size."""

    frames: int | None = 32
    """Number of frames, or the cap when `fps` is set."""
    fps: float | None = None
    """Frames a second; None takes `frames` evenly spaced ones."""
    midpoint: bool = False
    """Take each interval's middle rather than its start."""
    short_side: int = 336
    """Pixels; smaller frames are not enlarged."""
    tokens: TokenBudget | msgspec.UnsetType = msgspec.UNSET
    """Where given, the size follows from it and `short_side` is not used. Unset it is not written, so that samplings
    without one keep their fingerprints."""


class Frames(msgspec.Struct, frozen=True, kw_only=True):
    """What a model sees of one video, as the frame store gives it."""

    frames_id: str
    """Fingerprint of the video's bytes, the sampling and the decoder; empty when there are no frames."""
    times: tuple[float, ...]
    """Seconds from the first frame at which each image is really shown."""
    images: tuple[bytes, ...]
    """JPEGs, one for each time."""
    duration: float
    """Of the video, in seconds, as probed; 0 when it cannot be read."""
    status: str
    """`ok`; or `missing`, `not a video (what)`, `no video stream`, `truncated at 12.4 s` or `unreadable: reason`, and
    then there are no times and no images."""
