"""Configuration files of accelerate with which several processes are started: ours by name, others by path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import outside, yaml_text
from vtgdata.train.memory import Sharding

FOLDER = Path(__file__).parent / "launch_configs"


class Launched(msgspec.Struct, frozen=True, kw_only=True):
    """What a configuration file starts."""

    processes: int
    """On all machines together."""
    machines: int = 1
    sharding: Sharding = ""
    """How weights, gradients and the optimiser's state are shared out."""
    mixed: str = "no"
    """Type of products: bf16, fp16 or no."""


def names() -> list[str]:
    """Names of the files that travel with vtgdata."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find(name: str) -> Path:
    """The file that `--accelerate` means; raises VtgError when there is none."""
    if outside.is_file(name):
        return Path(name)
    if name in names():
        return FOLDER / f"{name}.yaml"
    raise VtgError(f"--accelerate {name}: no such file, and none of ours; {did_you_mean(name, names())}")


def read(path: Path) -> Launched:
    """What a file starts; raises VtgError when it is no such configuration, or starts no processes that we know."""
    found = yaml_text.read(path)
    if not isinstance(found, dict):
        raise VtgError(f"{path}: is no configuration of accelerate; `accelerate config` writes one.")
    stated: dict[str, Any] = dict(found)
    kind = str(stated.get("distributed_type", "NO"))
    try:
        processes, machines = int(stated.get("num_processes") or 1), int(stated.get("num_machines") or 1)
    except (TypeError, ValueError):
        raise VtgError(f"{path}: num_processes and num_machines are whole numbers.") from None
    sharding: Sharding = ""
    if kind == "FSDP":
        if int((stated.get("fsdp_config") or {}).get("fsdp_version", 1)) != 2:
            raise VtgError(f"{path}: fsdp_version must be 2: with version 1 the weights are not saved whole here.")
        sharding = "fsdp2"
    elif kind == "DEEPSPEED":
        stage = (stated.get("deepspeed_config") or {}).get("zero_stage")
        if stage not in (2, 3):
            raise VtgError(f"{path}: zero_stage {stage}: take 2 or 3.")
        sharding = "zero3" if stage == 3 else "zero2"
    elif kind not in ("NO", "MULTI_GPU", "MULTI_CPU"):
        raise VtgError(f"{path}: distributed_type {kind}: take MULTI_GPU, FSDP or DEEPSPEED.")
    return Launched(
        processes=processes, machines=machines, sharding=sharding, mixed=str(stated.get("mixed_precision", "no"))
    )
