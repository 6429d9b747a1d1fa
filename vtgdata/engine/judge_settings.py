"""Settings of a judge: how it is asked is said by options of its own, and by none of the teacher's."""

from typing import Any, Literal, TypeVar, cast

import msgspec

from vtgdata.engine.settings import AskSettings
from vtgdata.engine.turns import TurnSettings
from vtgdata.errors import VtgError
from vtgdata.video.frame_settings import PositiveInt

_OWN = "judge_"
SHARED = (
    *("preset", "num_frames", "fps", "midpoint", "short_side", "frames", "videos"),
    *("samples", "out", "replace", "where", "limit", "n", "seed", "max_failed", "only", "reproducible"),
    *("endpoint", "prompt", "temperature", "concurrency", "timeout", "max_wait"),
    *("dry_run", "budget", "prices", "free", "confirm_over", "yes", "batch", "batch_requests", "batch_megabytes"),
)
"""Settings of `AskSettings` that are the step's: its samples, frames and money, and how fast it runs. A judge has them
too; its endpoint, prompt and temperature are then said by its spec."""
OF_A_MODEL = tuple(field.name for field in msgspec.structs.fields(AskSettings) if field.name not in SHARED)
"""All others: they say how one model is asked."""


class JudgeSettings(TurnSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a command in whose chain of verifiers a judge may stand (--verify judge:model=NAME)."""

    judge_model_version: str = ""
    """Version of the judge, if the server's model name does not tell it."""
    judge_body: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """Fields to change in the JSON body of each request to the judge's servers, as --body for a teacher's."""
    judge_answers_as: list[str] = msgspec.field(default_factory=list[str])
    """Name of another model that the judge's servers may answer as, as --answers-as for a teacher's."""
    judge_as: Literal["frames", "video"] = "frames"
    """How frames are shown to the judge: frames or video, as --as for a teacher."""
    judge_video_server: Literal["", "vllm", "sglang", "gemini"] = ""
    """What the judge's servers are, for --judge-as video: vllm, sglang or gemini."""
    judge_server_samples: bool = False
    """With --judge-as video, ask a server that may sample the frames once more, as --server-samples for a teacher's."""
    judge_video_family: str = ""
    """Family of the judge, for --judge-as video, if its name does not tell it."""
    judge_max_tokens: PositiveInt = 512
    """Longest answer of the judge, in tokens."""


S = TypeVar("S", bound=AskSettings)


def of_judge(settings: S) -> S:
    """The settings by which a judge is asked: the step's, its own, and the defaults of whatever else a teacher has."""
    defaults = {field.name: field for field in msgspec.structs.fields(AskSettings)}
    changes: dict[str, Any] = {}
    for name in OF_A_MODEL:
        field = defaults[name]
        made = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
        changes[name] = getattr(settings, _OWN + name.rstrip("_"), made)
    return cast(S, msgspec.structs.replace(cast(msgspec.Struct, settings), **changes))


def refuse_without_judge(settings: JudgeSettings) -> None:
    """Raise VtgError for a setting of a judge where the chain has none."""
    for field in msgspec.structs.fields(JudgeSettings):
        if not field.name.startswith(_OWN):
            continue
        made = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
        if getattr(settings, field.name) != made:
            option = field.name.replace("_", "-")
            raise VtgError(f"--{option}: no judge is asked. Add --verify judge:model=NAME, or leave out --{option}.")
