"""Settings of every command that decodes videos: which frames, how large, and where they are stored."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from vtgdata.files.step import StepSettings
from vtgdata.records import FrameSampling
from vtgdata.video.model_families import preset_of
from vtgdata.video.sampling import chosen

PositiveInt = Annotated[int, msgspec.Meta(ge=1)]


class FrameSettings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The frames of each video."""

    preset: str = ""
    """Frames as a published system takes them (tvg_r1, tvg_r1_eval, time_r1, time_r1_eval, timelens, timelens_eval,
    timelens2, timelens2_eval), as qwen-vl-utils takes them unless told otherwise (qwen2_5_vl, qwen3_vl), or frames_64.
    timelens counts patches by the family of the model that is asked; timelens_qwen2_5_vl and timelens_qwen3_vl say it.
    It cannot be combined with another setting of frames."""
    num_frames: PositiveInt | None = None
    """Number of frames per video, evenly spaced; with --fps, the maximum. 32 by default."""
    fps: Annotated[float, msgspec.Meta(gt=0)] | None = None
    """Frames per second of video, instead of a fixed number."""
    midpoint: bool = False
    """Take the middle of each interval rather than its start."""
    short_side: PositiveInt | None = None
    """Short side of the frames in pixels; smaller frames are not enlarged. 336 by default."""
    frames: str = ""
    """Folder of the frame store; by default in the user's cache."""

    def models_asked(self) -> Sequence[str]:
        """Specs of the models that the command asks about the frames; none unless it has a setting `model`."""
        named: str | Sequence[str] = getattr(self, "model", ())
        return [name for name in ([named] if isinstance(named, str) else named) if name]

    def frame_sampling(self) -> FrameSampling:
        """The frame sampling that these settings describe; raises VtgError when two of them contradict each other."""
        preset = preset_of(self.preset, self.models_asked()) if self.preset else ""
        return chosen(preset, self.num_frames, self.fps, self.short_side, midpoint=self.midpoint)
