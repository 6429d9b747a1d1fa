"""The family of a model, by which a preset counts patches: told by its folder's config.json, else by its name.

`--preset timelens` means the frames of Qwen2.5-VL for a model of that family, and those of Qwen3-VL for one of the
other. `timelens_qwen3_vl` says it itself, for commands without a model and for models whose name tells nothing.
"""

import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

from msgspec import UnsetType

from vtgdata.errors import VtgError
from vtgdata.files import outside, plugins
from vtgdata.records import FrameSampling
from vtgdata.video.presets import BY_FAMILY, FAMILIES, PLAIN

LOOKS = ("openai_api", "transformers_local")
"""Our models that look at frames: for these a preset must know the family."""
_NAMES = {
    "qwen3_vl": re.compile(r"qwen-?3(-?vl|[.-]5\b)|timelens2|timelens-?8b"),
    "qwen2_5_vl": re.compile(r"qwen-?2([.-]?5)?-?vl|timelens-?7b|time-?r1|tvg-?r1"),
}
"""What the name of a model of each family holds, in lower case and with `-` for blanks and `_`."""
_UNTOLD = {
    "qwen2_vl": re.compile(r"qwen-?2-?vl"),
    "internvl": re.compile(r"intern-?vl"),
    "llava_onevision": re.compile(r"llava-?(ov|one-?vision)"),
    "video_llama_3": re.compile(r"video-?llama-?3"),
}
"""The same for families that are told no times of a video."""


def family_of(spec: str) -> str | None:
    """The family of the model that a spec names; None where neither folder nor name tells it.

    >>> family_of("openai_api:Qwen/Qwen3-VL-8B-Instruct"), family_of("openai_api:mine")
    ('qwen3_vl', None)
    """
    parsed = plugins.parse_spec(spec)
    named = str(parsed.settings.get("path") or parsed.argument)
    return _family(named, str(Path(named).absolute()))


def told_family(model: str) -> str:
    """The family by whose rule a model is told the times of a video; empty where neither folder nor name tells it.

    Args:
        model: a folder, whose config.json states its `model_type`, or a name.

    >>> told_family("Qwen/Qwen2-VL-7B"), told_family("Qwen/Qwen2.5-VL-7B-Instruct"), told_family("mine")
    ('qwen2_vl', 'qwen2_5_vl', '')
    """
    if not Path(model).is_dir():
        return named_family(model)
    stated = _read(Path(model) / "config.json").get("model_type")
    if isinstance(stated, str) and stated:
        return stated
    base = _read(Path(model) / "adapter_config.json").get("base_model_name_or_path")
    return told_family(base) if isinstance(base, str) and base and base != model else ""


def named_family(name: str) -> str:
    """The family that a name tells, as `told_family` has it; empty if it tells none."""
    plain = re.sub(r"[\s_]", "-", name.lower())
    families = _UNTOLD | _NAMES
    return next((family for family, pattern in families.items() if pattern.search(plain)), "")


@cache
def _family(named: str, folder: str) -> str | None:
    if Path(folder).is_dir():
        return _of_folder(Path(folder))
    name = re.sub(r"[\s_]", "-", named.lower())
    return next((family for family, pattern in _NAMES.items() if pattern.search(name)), None)


def _of_folder(folder: Path) -> str | None:
    """The family whose patches a model's folder states; for an adapter, that of the model it is for."""
    vision = _read(folder / "config.json").get("vision_config")
    if isinstance(vision, dict):
        stated = cast(dict[str, Any], vision)
        side = _whole(stated.get("patch_size")) * _whole(stated.get("spatial_merge_size"))
        paired = stated.get("temporal_patch_size") == 2
        return next((family for family, patch in FAMILIES.items() if patch == side and paired), None)
    base = _read(folder / "adapter_config.json").get("base_model_name_or_path")
    return _family(base, str(Path(base).absolute())) if isinstance(base, str) and base else None


def _read(path: Path) -> dict[str, Any]:
    """A JSON object in a file; empty where there is none, which is said when the model is opened."""
    try:
        found = json.loads(outside.read_text(path))
    except (OSError, ValueError):
        return {}
    return cast(dict[str, Any], found) if isinstance(found, dict) else {}


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def preset_of(name: str, specs: Sequence[str]) -> str:
    """The preset that a name means for the models that are asked.

    Args:
        name: of a preset; one that is the same for all families stays what it is.
        specs: of the models; none where a command asks none.

    Raises VtgError when the models are of two families, or one does not tell its own.
    """
    if name not in BY_FAMILY:
        return name
    found = {spec: family_of(spec) for spec in specs if plugins.parse_spec(spec).name in LOOKS}
    each = " or ".join(f"--preset {name}_{family} ({patch} pixels)" for family, patch in FAMILIES.items())
    unknown = [spec for spec, family in found.items() if family is None]
    if unknown:
        raise VtgError(
            f"--preset {name} counts patches of the model's family, and neither name nor folder of {unknown[0]} tells "
            f"it: say {each}."
        )
    families = sorted({family for family in found.values() if family})
    if len(families) > 1:
        raise VtgError(
            f"--preset {name} counts patches of the model's family, and these models are of two, "
            f"{' and '.join(families)}: ask them in two commands, or show both the frames of one: {each}."
        )
    return f"{name}_{families[0] if families else PLAIN}"


def without_model(preset: str) -> str | None:
    """What a command that asks no model says of a preset whose frames depend on one; None for any other preset."""
    if preset not in BY_FAMILY:
        return None
    others = ", ".join(f"{preset}_{family}" for family in FAMILIES if family != PLAIN)
    return (
        f"--preset {preset}: the frames of {preset}_{PLAIN}, since no model is named; for another family say {others}"
    )


def mismatch(taken: FrameSampling, specs: Sequence[str]) -> str | None:
    """What is wrong where a sampling counts patches of another size than a model has; None where nothing is known."""
    budget = taken.tokens
    if isinstance(budget, UnsetType):
        return None
    for spec in specs:
        family = family_of(spec) if plugins.parse_spec(spec).name in LOOKS else None
        if family is not None and FAMILIES[family] != budget.patch:
            return (
                f"these frames are counted in patches of {budget.patch} pixels, and {spec} has patches of "
                f"{FAMILIES[family]}: it resizes them again, and takes another number of tokens than is told"
            )
    return None
