"""Which answers of models a step got, and whether they can be had again without asking: for `rebuild.json`."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray

from vtgdata.conversation import verifying
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, outside, plugins
from vtgdata.files.meta import maker, read_meta
from vtgdata.files.pieces import read_frames
from vtgdata.files.samples import SampleTable
from vtgdata.files.schemas import ROLLOUTS as ROLLOUT_COLUMNS
from vtgdata.files.schemas import VERDICTS as VERDICT_COLUMNS
from vtgdata.files.schemas import Row
from vtgdata.releases import tombstones
from vtgdata.releases.matching import hashed, repeated
from vtgdata.releases.rebuild import record as rebuild_record
from vtgdata.releases.rebuild.record import Answers, RebuildRecord, StepRecord, Taught

ROLLOUTS = "rollouts.parquet"
"""The file of answers, of every step that asks a model."""
VERDICTS = "verdicts.parquet"
"""The file of a judge's verdicts."""
_PLACE = ["sample_id", "index", "model_id", "prompt_id", "sampling_id"]
"""Columns that say to which question of which model a row is an answer."""
_TOLD = ("key", "sample_id", "model_id", "prompt_id", "tokens_in", "tokens_out")


class Published:
    """The answers that a release publishes."""

    def __init__(self, paths: Sequence[str], removed: Collection[str]) -> None:
        """Read their keys.

        Args:
            paths: the rollouts.parquet files that are published.
            removed: ids of samples that were removed: answers about these stay behind.
        """
        import polars as pl

        self.removed = sorted(removed)
        self.verdicts = verdicts_beside(paths)
        kinds = {name: ROLLOUT_COLUMNS[name] for name in ("key", *_PLACE)}
        parts = [
            hashed([frame], [pl.col("key")], _PLACE, {}).select("k1", "content")
            for path in paths for frame in read_frames(path, kinds)
        ]  # fmt: skip
        rows = pl.concat(parts) if parts else pl.DataFrame(schema={"k1": pl.UInt64, "content": pl.UInt64})
        self.keys: NDArray[np.uint64] = np.sort(rows["k1"].to_numpy())
        """Hashes of the keys of all answers, rising."""
        again = rows.filter(repeated(rows["content"])).unique("k1")
        self.shared = again.filter(again["content"].is_duplicated())["k1"].implode()
        """Those to one question that several steps asked with other seeds: only the key tells them apart."""

    def of_step(self, command: str, settings: Mapping[str, Any], folder: Path | None) -> Answers | None:
        """The answers that a step got; None if it asked no model.

        Args:
            command: the step's command.
            settings: its settings.
            folder: its output folder.
        """
        model = settings.get("model")
        if folder is None or not isinstance(model, str) or "samples" not in settings or command.startswith("demo"):
            return None
        again = all(map(repeatable, teachers(settings)))
        path = folder / ROLLOUTS
        if not outside.is_file(path):
            return Answers(models=[], repeatable=again)
        return self._told(path, again)

    def _has(self, keys: NDArray[np.uint64]) -> bool:
        """Whether all answers with these hashes are published."""
        places = np.searchsorted(self.keys, keys)
        return not len(keys) or bool(len(self.keys) and (self.keys.take(places, mode="clip") == keys).all())

    def _told(self, path: Path, again: bool) -> Answers:
        """What a file of answers says, read piece by piece."""
        import polars as pl

        kinds = {name: ROLLOUT_COLUMNS[name] for name in _TOLD}
        models: dict[str, None] = {}
        prompts: set[str] = set()
        keys: list[str] = []
        counts = Counter[str]()
        stored = True
        for frame in read_frames(path, kinds):
            own = hashed([frame], [pl.col("key")], [], {}, brief=True)["k1"]
            stored = stored and self._has(own.to_numpy())
            models |= dict.fromkeys(map(_public, frame["model_id"].unique(maintain_order=True)))
            prompts |= set(frame["prompt_id"].unique())
            counts["rows"] += frame.height
            counts["in"] += int(frame["tokens_in"].sum())
            counts["out"] += int(frame["tokens_out"].sum())
            counts["removed"] += int(frame["sample_id"].is_in(self.removed).sum())
            keys += frame["key"].filter(own.is_in(self.shared)).to_list()
        return Answers(
            models=list(models),
            prompts=sorted(prompts),
            rows=counts["rows"],
            tokens_in=counts["in"],
            tokens_out=counts["out"],
            stored=stored,
            keys=sorted(keys),
            removed=counts["removed"],
            repeatable=again,
        )


def verdicts_beside(rollouts: Sequence[str]) -> list[str]:
    """The files of a judge's verdicts that the steps wrote which wrote these rollouts: they are published together."""
    found: list[str] = []
    for path in map(Path, dict.fromkeys(rollouts)):
        beside = path.with_name(VERDICTS)
        if not outside.is_file(path) or not outside.is_file(beside):
            continue
        answers, verdicts = (maker(each, fingerprint.of_path(each)) for each in (path, beside))
        if answers is None or verdicts is None or answers.folder != verdicts.folder:
            continue
        if (answers.name, verdicts.name) == (ROLLOUTS, VERDICTS):
            found.append(str(beside))
    return found


def judges_of(settings: Mapping[str, Any]) -> list[plugins.Spec]:
    """The specs of a step's verifiers that ask a model; of ours alone, since nothing of a release's code is run."""
    specs = [plugins.parse_spec(str(spec)) for spec in settings.get("verify") or ()]
    ours = [each for each in specs if "." not in each.name and each.name in plugins.names("verifiers")]
    asking = [each for each in ours if verifying.declared(plugins.load("verifiers", each.name)).ASKS]
    return [each for each in asking if each.settings.get("model")]


def of_judge(settings: Mapping[str, Any], folder: Path | None, published: Sequence[str]) -> Answers | UnsetType:
    """The verdicts that a step got from a judge; UNSET if it asked none.

    Args:
        settings: of the step.
        folder: its output folder.
        published: the files of verdicts that the release publishes.
    """
    judges = judges_of(settings)
    if folder is None or not judges:
        return UNSET
    again = all(repeatable(str(each.settings["model"])) for each in judges)
    path = folder / VERDICTS
    if not outside.is_file(path):
        return Answers(models=[], repeatable=again)
    counts, models, prompts = Counter[str](), dict[str, None](), set[str]()
    for frame in read_frames(path, VERDICT_COLUMNS):
        models |= dict.fromkeys(_public(name) for name in frame["judge_id"].drop_nulls().unique(maintain_order=True))
        prompts |= set(frame["prompt_id"].drop_nulls().unique())
        counts["rows"] += frame.height
        counts["in"] += int(frame["tokens_in"].sum())
        counts["out"] += int(frame["tokens_out"].sum())
    stored = outside.resolved(path) in [outside.resolved(Path(each)) for each in published]
    return Answers(
        models=list(models), prompts=sorted(prompts), rows=counts["rows"], tokens_in=counts["in"],
        tokens_out=counts["out"], stored=stored or not counts["rows"], repeatable=again,
    )  # fmt: skip


def of_teachers(folder: Path | None) -> list[Taught] | UnsetType:
    """What a step's summary says of several teachers that it asked in turn; UNSET where it asked one."""
    meta = read_meta(folder) if folder is not None else None
    told = meta.summary.get("teachers") if meta is not None and meta.command == "build-coldstart" else None
    if not told:
        return UNSET
    try:
        found = msgspec.convert(told, list[Taught])
    except msgspec.ValidationError:
        return UNSET  # of another version, whose summary had another shape
    return [msgspec.structs.replace(each, model=_public(each.model)) for each in found]


def of_one_step(rows: Iterable[Row], step: StepRecord, steps: Sequence[StepRecord]) -> list[Row]:
    """The answers that a step got, among the rows of a release's config `rollouts`, its models one after the other.

    Args:
        rows: with the columns key, model_id and prompt_id.
        step: one that asked a model.
        steps: all steps of the release.
    """
    answers = step.answers or Answers(models=[])
    others = {key for other in steps if other.answers is not None and other is not step for key in other.answers.keys}
    others -= set(answers.keys)
    wanted = [row for row in rows if row["model_id"] in answers.models and row["prompt_id"] in answers.prompts]
    wanted.sort(key=lambda row: answers.models.index(row["model_id"]))
    return [row for row in wanted if row["key"] not in others]


def teachers(settings: Mapping[str, Any]) -> list[str]:
    """The specs of the models that a step asks, in turn."""
    return [str(settings.get("model")), *map(str, settings.get("then") or ())]


def still_there(samples: SampleTable, rollouts: str) -> SampleTable:
    """The samples without those that a `removed.json` beside given answers names: of these no answer was published."""
    beside = Path(rollouts).with_name(tombstones.NAME) if rollouts else None
    if beside is None or not outside.is_file(beside):
        return samples
    removed = tombstones.read(str(beside))
    return samples.only(
        lambda each: removed.of(each.corpus, each.sample_id, (each.video.video_id, each.video.source_id)) is None
    )


def _public(model_id: str) -> str:
    """A model's id as a release has it: of a path of weights only the last part."""
    kind, _, place = model_id.rpartition(":")
    return f"{kind}:{Path(place).name}" if Path(place).is_absolute() else model_id


def repeatable(spec: str) -> bool:
    """Whether the model of a spec is one of ours that gives the same answers on any machine."""
    name = spec.partition(":")[0]  # what follows may name a file of a step, which no YAML value does
    if "." in name and not name.startswith("vtgdata."):
        return False
    try:
        return bool(getattr(plugins.load("models", name), "REPEATABLE", False))
    except VtgError:
        return False


def taken_over(settings: Mapping[str, Any]) -> RebuildRecord | None:
    """The record of the release whose answers a step was given, as `vtgdata rebuild` does; None for any other step."""
    given = settings.get("rollouts")
    files = [given] if isinstance(given, str) and given else []
    specs = [plugins.parse_spec(str(spec)) for spec in settings.get("verify") or ()]
    files += [str(each.settings["verdicts"]) for each in specs if each.settings.get("verdicts")]
    for beside in (Path(file).parent / rebuild_record.NAME for file in files):
        if outside.is_file(beside):
            return rebuild_record.decoded(outside.read_bytes(beside), str(beside))
    return None
