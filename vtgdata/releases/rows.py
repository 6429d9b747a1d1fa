"""The rows of a release: read, joined with their samples, checked, dated and sorted. Nothing is written here."""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import msgspec

from vtgdata import releases
from vtgdata.annotations import benchmarks
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import open_samples
from vtgdata.files.schemas import DRAWN, DROPS, PASS_RATES, ROLLOUTS, SAMPLES, TRACES, Row
from vtgdata.releases import asked_models, tombstones
from vtgdata.releases.document import CHOSEN, COLDSTART, Release
from vtgdata.releases.tombstones import Tombstones

_KEYS = {
    "samples": ("sample_id",),
    "coldstart": ("key",),
    "difficulty": ("sample_id", "model_id", "measure"),
    "rollouts": ("key",),
    "drops": ("corpus", "origin", "reason", "raw"),
}
_CHOSEN_KEY = ("sample_id", "model_id", "measure")
_PROMPT = re.compile(r"\w[\w.-]*-[0-9a-f]{8}\Z", re.ASCII)


class Sources:
    """The rows of all inputs, joined with their samples and checked."""

    def __init__(self, samples: str, removed: Tombstones) -> None:
        """Read `samples.parquet`; rows of all other files must belong to its samples. Removed samples are left out."""
        self.path = samples
        self.prompts: dict[str, str] = {}
        self.models: list[dict[str, Any]] = []
        rows = open_samples(samples, needs=["license"], look=False).rows()
        self.samples = {row["sample_id"]: row for row in _publishable(samples, rows, SAMPLES)}
        self._tombstones = removed
        self.removed = {name: found for name, row in self.samples.items() if (found := removed.of_row(row))}
        """{sample_id: tombstone} of the samples that were removed."""
        self._gone = [self.samples.pop(name) for name in self.removed]
        if not self.samples:
            raise VtgError(f"{samples}: every one of its samples was removed, so there is nothing to release.")

    def traces(self, path: str) -> list[Row]:
        """Rows of the config `coldstart`: the kept traces of a traces.parquet, each with its sample."""
        rows = self._known(path, _read(path, TRACES | DRAWN, tuple(TRACES)))
        kept = [row for row in rows if row["kept"]]
        if not kept:
            raise VtgError(
                f"{path}: none of its {len(rows)} traces was kept. Widen --keep in `vtgdata build-coldstart`."
            )
        for row in kept:
            if not row["target"]:
                raise VtgError(f"{path}: trace {row['key']!r} is kept and has no target. Build the traces again.")
        self._note_prompts(path, kept)
        self.models += [asked_models.teacher(name, asked) for name, asked in grouped(rows, "model_id").items()]
        return self._joined("coldstart", kept, COLDSTART)

    def chosen(self, config: str, path: str) -> list[Row]:
        """Rows of a config such as `rl`: those that a selector chose, each with its sample."""
        rows = self._known(path, _read(path, CHOSEN, ("sample_id", "rank")))
        asked = [row for row in rows if row.get("prompt")]
        self._note_prompts(path, asked)
        self._note_students(asked)
        return self._joined(config, rows, CHOSEN)

    def pass_rates(self, path: str) -> list[Row]:
        """Rows of the config `difficulty`."""
        rows = self._known(path, _read(path, PASS_RATES | DRAWN, tuple(PASS_RATES)))
        self._note_prompts(path, rows)
        self._note_students(rows)
        return rows

    def rollouts(self, path: str) -> list[Row]:
        """Rows of the config `rollouts`."""
        return self._known(path, _read(path, ROLLOUTS, ("sample_id", "key")))

    def drops(self, path: str) -> list[Row]:
        """Rows of the config `drops`; the file may be empty."""
        return [self._tombstones.dropped(row) for row in _read(path, DROPS, tuple(DROPS), empty=True)]

    def removed_drops(self) -> list[Row]:
        """One row of `drops` for each removed sample, with its origin but without its text."""
        return [
            msgspec.to_builtins(tombstones.drop(row["corpus"], row["origin"], self.removed[row["sample_id"]]))
            for row in self._gone
        ]

    def _known(self, path: str, rows: list[Row]) -> list[Row]:
        rows = [row for row in rows if row["sample_id"] not in self.removed]
        for row in rows:
            if row["sample_id"] not in self.samples:
                raise VtgError(
                    f"{path}: sample_id {row['sample_id']!r} is not in {self.path}. Release rows together "
                    "with the samples they were made from."
                )
        return rows

    def _joined(self, config: str, rows: list[Row], columns: Mapping[str, str]) -> list[Row]:
        """Each row with its sample's columns; raises VtgError when the video of a row is also in a benchmark."""
        trained = [self.samples[row["sample_id"]] for row in rows]
        leaks = benchmarks.leaks(trained, self.samples.values())
        if leaks:
            sample, corpus, split = leaks[0]
            videos = {(each.row["corpus"], each.row["video_id"]) for each in leaks}
            row_ids = {each.row["sample_id"] for each in leaks}
            raise VtgError(
                f"config {config!r} trains on {len(videos)} video(s) of benchmarks ({len(row_ids)} samples), first "
                f"video {sample['video_id']!r} of {sample['corpus']} (split {sample['split']!r}), which is in "
                f"{corpus}'s benchmark split {split!r}. Make the rows again from other splits: `--where` in "
                f"build-coldstart and score-difficulty; or, where the sample itself is none of the benchmark's, leave "
                f"that split out of {self.path}."
            )
        own = [column for column in columns if column not in SAMPLES]
        return [self.samples[row["sample_id"]] | {column: row.get(column) for column in own} for row in rows]

    def _note_students(self, rows: list[Row]) -> None:
        """Keep, per model, the facts from the file with more samples: selected rows are a subset of the pass rates."""
        for name, asked in grouped(rows, "model_id").items():
            facts = asked_models.student(name, asked)
            known = next((each for each in self.models if (each["role"], each["id"]) == ("student", name)), None)
            if known is None:
                self.models.append(facts)
            elif known["samples"] < facts["samples"]:
                known.update(facts)

    def _note_prompts(self, path: str, rows: Iterable[Row]) -> None:
        for row in rows:
            name, text = row["prompt_id"] or "", row["prompt"] or ""
            if not _PROMPT.match(name) or not name.endswith(f"-{fingerprint.short(text)[:8]}"):
                raise VtgError(
                    f"{path}: {row['sample_id']!r}: prompt_id {name!r} is not name and hash of the text in `prompt`. "
                    "Make the file again."
                )
            self.prompts[name] = text


def _read(path: str, columns: Mapping[str, str], needs: tuple[str, ...], *, empty: bool = False) -> list[Row]:
    return _publishable(path, read_parquet(path, needs=needs), columns, empty=empty)


def _publishable(path: str, found: Iterable[Row], columns: Mapping[str, str], *, empty: bool = False) -> list[Row]:
    """Rows with only these columns; raises VtgError if there are no rows, or a row names a path of this machine."""
    rows = list(found)
    if not rows and not empty:
        raise VtgError(f"{path}: holds no rows, so there is nothing to release.")
    for row in rows:
        for column in ("video_file", "origin"):
            if _is_path(row.get(column) or ""):
                raise VtgError(
                    f"{path}: {column} {row[column]!r} is a path of this machine, which must not be published. Ingest "
                    "the corpus again."
                )
        if model_id := row.get("model_id"):
            # Servers often name a model by the path of its weights: publish only the last part of it.
            kind, _, place = model_id.rpartition(":")
            row["model_id"] = f"{kind}:{PurePosixPath(place).name}" if _is_path(place) else model_id
    # A missing column (of a selector without pass rates, say) becomes null; one that a plug-in added is left out.
    return [{name: row.get(name) for name in (*columns, "prompt") if name in columns or name in row} for row in rows]


def _is_path(text: str) -> bool:
    return PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()


def grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    """{value of a column: rows}, sorted by value; null counts as an empty text."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[column] or "", []).append(row)
    return dict(sorted(groups.items()))


def keys_of(config: str) -> tuple[str, ...]:
    """The columns that identify a row of a config."""
    return _KEYS.get(config, _CHOSEN_KEY)


def date_and_sort(
    config: str, rows: list[Row], version: str, previous: Release | None, samples: Mapping[str, Row]
) -> dict[str, int]:
    """Give each row the version that first had it, and sort the rows in place.

    Args:
        config: the config of the rows; it decides which columns are a row's key.
        rows: changed in place: `first_version` is set, and rows are sorted by it, then corpus, video, sample.
        version: version of the release that is being made.
        previous: the release before, if there is one.
        samples: all samples by id, for the order.

    Returns {added, removed, changed} against the previous release, by key.
    Raises VtgError when a key occurs twice.
    """
    key_columns = keys_of(config)
    old: dict[tuple[Any, ...], Row] = {}
    if previous is not None and config in previous.document.configs:
        for split in previous.document.configs[config]:
            old |= {_key(row, key_columns): row for row in previous.rows(config, split)}
    changed = 0
    new: set[tuple[Any, ...]] = set()
    for row in rows:
        key = _key(row, key_columns)
        if key in new and config != "drops":
            raise VtgError(f"config {config!r}: {dict(zip(key_columns, key, strict=True))} occurs twice.")
        new.add(key)
        row["first_version"] = old[key]["first_version"] if key in old else version
        changed += key in old and any(
            row.get(column) != value for column, value in old[key].items() if column not in ("rank", "first_version")
        )

    def order(row: Row) -> tuple[Any, ...]:
        sample = samples[row["sample_id"]] if "sample_id" in row else row
        place = (sample["corpus"], sample.get("video_id") or "", row.get("sample_id") or row.get("origin") or "")
        return (*releases.parse_version(row["first_version"]), *place, *_key(row, key_columns))

    rows.sort(key=order)
    return {"added": len(new - set(old)), "removed": len(set(old) - new), "changed": changed}


def _key(row: Row, columns: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(row[column] or "" for column in columns)
