"""Settings that every command has which shows a page."""

from typing import Annotated

import msgspec

from vtgdata.files.step import StepSettings


class PageSettings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page shows."""

    path: str
    """What to show: the output folder of a command or of a recipe, a release, or one Parquet file of these."""
    samples: str = ""
    """A samples.parquet with the queries and labels that answers are about; by default the one that their command
    read."""
    videos: str = ""
    """Folder of the videos, for frames; by default the one that the command read. `none` for no frames."""
    frames: str = ""
    """Folder of the frame store; by default in the user's cache."""
    num_frames: Annotated[int, msgspec.Meta(ge=1, le=64)] = 8
    """Frames of a strip."""
    short_side: Annotated[int, msgspec.Meta(ge=16, le=720)] = 96
    """Short side of a strip's frames in pixels."""
    detailed: Annotated[int, msgspec.Meta(ge=0)] = 300
    """Most samples with frames and full texts: those of a review's queue first, then some drawn at random."""
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Seed of the draw."""
