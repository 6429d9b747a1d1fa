"""Shards: one run as several processes, on one machine or many, that share nothing but a folder.

`--shard I/N` asks about the samples whose id hashes to I of N, with an output folder of its own in
`OUT/shard-I-of-N`. The same command without it copies the shards' answers, asks for missing ones, and writes the
tables: the same bytes for any number of shards (where a local model answers, with --reproducible).
"""

import hashlib
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, cast

import msgspec

from vtgdata.engine.settings import AskSettings
from vtgdata.errors import RowsFailed, VtgError
from vtgdata.files import cluster
from vtgdata.files.samples import SampleTable
from vtgdata.video.frame_settings import PositiveInt


class ShardedSettings(AskSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a command that asks a model and can be split into shards."""

    shard: str = ""
    """I/N, as in 0/4: ask only about this part of the samples; the command without it puts all parts together."""
    executor: Literal["", "ray"] = ""
    """`ray`: run the shards on a Ray cluster ($RAY_ADDRESS, or this machine), then put them together."""
    shards: PositiveInt = 4
    """Number of shards with --executor."""
    workers: PositiveInt = 2
    """Shards that run at a time with --executor on this machine; a cluster decides by its CPUs."""
    rollouts: str = ""
    """Take the answers from this rollouts.parquet of the same command, read and score them anew, and ask nothing."""

    def inputs(self, *models: str) -> list[str]:
        """Files and folders that the answers depend on."""
        return [*AskSettings.inputs(self, *models), *([self.rollouts] if self.rollouts else [])]


class Sharded(Protocol):
    """Settings of any command that can be split: they have these fields."""

    @property
    def out(self) -> str:
        """Output folder."""
        ...

    @property
    def shard(self) -> str:
        """I/N, or empty."""
        ...

    @property
    def executor(self) -> Literal["", "ray"]:
        """`ray`, or empty to run no shards from here."""
        ...

    @property
    def shards(self) -> int:
        """Number of shards."""
        ...

    @property
    def workers(self) -> int:
        """Shards that run at a time."""
        ...


S = TypeVar("S", bound=Sharded)


def parse(text: str) -> tuple[int, int]:
    """Index and count of `I/N`; raises VtgError unless 0 <= I < N.

    >>> parse("0/4")
    (0, 4)
    """
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text, re.ASCII)
    index, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if index >= count:
        raise VtgError(f"--shard {text!r}: write I/N with 0 <= I < N, as in 0/4 to 3/4.")
    return index, count


def placed(settings: S) -> S:
    """The settings with the shard's own output folder; unchanged without --shard."""
    if not settings.shard:
        return settings
    index, count = parse(settings.shard)
    if settings.executor:
        raise VtgError("--executor makes the shards by itself: leave out --shard.")
    return _replaced(settings, out=str(Path(settings.out) / f"shard-{index}-of-{count}"))


def _replaced(settings: S, **changes: Any) -> S:
    return cast(S, msgspec.structs.replace(cast(msgspec.Struct, settings), **changes))


def mine(key: str, settings: Sharded) -> bool:
    """Whether the item with this key belongs to this shard; always true without --shard."""
    if not settings.shard:
        return True
    index, count = parse(settings.shard)
    return _number(key) % count == index


def part(samples: SampleTable, settings: Sharded) -> SampleTable:
    """The samples of this shard, in order; all without --shard."""
    if not settings.shard:
        return samples
    return samples.only(lambda sample: mine(sample.sample_id, settings))


def _number(sample_id: str) -> int:
    # Uses the id alone, so a sample's shard does not depend on the rest of the file.
    return int.from_bytes(hashlib.sha256(sample_id.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def on_ray(run: Callable[[S], object], settings: S) -> None:
    """Run each shard of a stage as a task of a Ray cluster, and wait for all of them.

    All machines must see the same folders. A shard in which rows failed counts as done, since the run that puts all
    shards together asks for them again. Raises VtgError when ray is not installed and, with the exit code of the first
    such shard, when a shard ended in another error.
    """
    parts = [
        _replaced(settings, executor="", shard=f"{index}/{settings.shards}", **_paid(settings))
        for index in range(settings.shards)
    ]
    cluster.on_ray(partial(_shard, run), parts, settings.workers)


def _paid(settings: Sharded) -> dict[str, Any]:
    """Settings for what a shard may spend: its equal part of the budget, without asking; empty if it asks no model."""
    if not isinstance(settings, ShardedSettings):
        return {}
    return {"yes": True, "budget": None if settings.budget is None else settings.budget / settings.shards}


def _shard(run: Callable[[S], object], settings: S) -> None:
    """Run one shard where Ray put it; raises VtgError that names the shard."""
    try:
        run(settings)
    except RowsFailed:
        return
    except VtgError as error:
        named = VtgError(f"shard {settings.shard}: {error}")
        named.exit_code = error.exit_code
        raise named from error


def refuse(settings: ShardedSettings, why: str) -> None:
    """Raise VtgError, with the reason `why`, when --shard or --executor is given and the run cannot be split."""
    if settings.shard or settings.executor:
        raise VtgError(f"{'--shard' if settings.shard else '--executor'} cannot be given here: {why}")
