"""The rows of a release's configs: read piece by piece, joined with their samples and checked. Nothing is written here.

Of each row a few numbers stay in memory; the rows themselves are read from their files again when they are written.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint
from vtgdata.files.pieces import count_rows, names_of, read_frames, read_pieces
from vtgdata.files.schemas import DRAWN, DROPS, PASS_RATES, ROLLOUTS, SAMPLES, TRACES, VERDICTS, VERIFIED, WEIGHT, Row
from vtgdata.releases import published, tombstones
from vtgdata.releases.asked_models import Asked
from vtgdata.releases.columns import CHOSEN, COLUMNS, MARKS, RATED, TRACED, columns_of, kind_of, known_columns
from vtgdata.releases.sample_index import REMOVED, Ranks, SampleIndex
from vtgdata.releases.tombstones import Tombstones

_KEYS = {
    "samples": ("sample_id",),
    "coldstart": ("key",),
    "difficulty": ("sample_id", "model_id", "measure"),
    "rollouts": ("key",),
    "verdicts": ("key",),
    "rejected": ("key",),
    "drops": ("corpus", "origin", "reason", "raw"),
}
_CHOSEN_KEY = ("sample_id", "model_id", "measure")
_PROMPT = re.compile(r"\w[\w.-]*-[0-9a-f]{8}\Z", re.ASCII)
Frames = Callable[[Sequence[str]], Iterator[Any]]
"""Gives some columns of the rows of a config, in their order, as Polars frames; may be called again and again."""


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a config, before they are dated and sorted."""

    name: str
    columns: Mapping[str, str]
    """{column: type} of the file that is written."""
    own: Mapping[str, str]
    """The part of them that is in the rows' own files; the others are those of each row's sample."""
    ranks: Ranks
    """(n,) For each row the rank of its sample; for the rows of `drops` their rank by corpus and origin."""
    frames: Frames

    @property
    def joined(self) -> bool:
        """Whether a row has the columns of its sample too."""
        kind = kind_of(self.name)
        return kind not in COLUMNS or kind == TRACED


class Sources:
    """The rows of all inputs, checked."""

    def __init__(self, samples: str, removed: Tombstones) -> None:
        """Read `samples.parquet`; rows of all other files must belong to its samples. Removed samples are left out."""
        self.path = samples
        self.prompts: dict[str, str] = {}
        self.models: list[dict[str, Any]] = []
        self._tombstones = removed
        self.index = SampleIndex(samples, removed)

    def samples(self) -> Config:
        """Rows of the config `samples`."""
        kept = self.index.ranks[self.index.ranks != REMOVED]
        columns = columns_of("samples", self.index.more)

        def frames(names: Sequence[str]) -> Iterator[Any]:
            return (frame.select(names) for frame in self.index.frames())

        return Config(name="samples", columns=columns, own=SAMPLES | dict(self.index.more), ranks=kept, frames=frames)

    def traces(self, path: str, config: str = TRACED) -> Config:
        """Rows of a config such as `coldstart`: the kept traces of a traces.parquet, each with its sample."""
        ranks = self._ranks(path, TRACES)
        asked, kept = Asked(ranks), np.zeros(len(ranks), dtype=bool)
        begun = 0
        columns = TRACES | DRAWN | MARKS
        for frame in _read(path, [*Asked.COLUMNS, "key", "kept", "reason", "prompt", "target", "marks"], columns):
            here = slice(begun, begun + frame.height)
            begun += frame.height
            known = ranks[here] != REMOVED
            kept[here] = known & frame["kept"].fill_null(False).to_numpy()
            asked.add(frame, here)
            self._check_kept(path, frame.filter(kept[here]))
        if not kept.any():
            rows = int((ranks != REMOVED).sum())
            raise VtgError(f"{path}: none of its {rows} traces was kept. Widen --keep in `vtgdata build-coldstart`.")
        self.models += asked.teachers()
        return self._joined(config, path, columns, ranks, kept, MARKS if asked.marked else {})

    def rejected(self, path: str) -> Config:
        """Rows of the config `rejected`: the answers of a traces.parquet that became no trace, each with its reason."""
        ranks = self._ranks(path, TRACES)
        lost = [~frame["kept"].fill_null(False).to_numpy() for frame in _read(path, ["kept"], TRACES)]
        own = {name: kind for name, kind in (TRACES | VERIFIED).items() if name in COLUMNS["rejected"]}
        return _config("rejected", [path], own, [ranks], [(ranks != REMOVED) & np.concatenate(lost)])

    def _check_kept(self, path: str, kept: Any) -> None:
        for key in kept.filter(kept["target"].fill_null("") == "")["key"]:
            raise VtgError(f"{path}: trace {key!r} is kept and has no target. Build the traces again.")
        self._note_prompts(path, kept)

    def chosen(self, config: str, path: str) -> Config:
        """Rows of a config such as `rl`: those that a selector chose, each with its sample."""
        ranks = self._ranks(path, ("sample_id", "rank"))
        asked, begun = Asked(ranks), 0
        for frame in _read(path, [*Asked.COLUMNS, "n", "prompt"], PASS_RATES | DRAWN):
            told = (frame["prompt"].fill_null("") != "").to_numpy()
            asked.add(frame, slice(begun, begun + frame.height), told)
            self._note_prompts(path, frame.filter(told & (ranks[begun : begun + frame.height] != REMOVED)))
            begun += frame.height
        self._note_students(asked)
        more = WEIGHT if set(WEIGHT) <= set(names_of(path)) else {}
        return self._joined(config, path, CHOSEN | more, ranks, ranks != REMOVED, more)

    def pass_rates(self, path: str, config: str = RATED) -> Config:
        """Rows of a config such as `difficulty`."""
        ranks = self._ranks(path, PASS_RATES)
        asked, begun = Asked(ranks), 0
        for frame in _read(path, [*Asked.COLUMNS, "n", "prompt"], PASS_RATES | DRAWN):
            asked.add(frame, slice(begun, begun + frame.height))
            self._note_prompts(path, frame.filter(ranks[begun : begun + frame.height] != REMOVED))
            begun += frame.height
        self._note_students(asked)
        own = {name: kind for name, kind in (PASS_RATES | DRAWN).items() if name != "prompt"}
        return _config(config, [path], own, [ranks], [ranks != REMOVED])

    def rollouts(self, paths: Sequence[str]) -> Config:
        """Rows of the config `rollouts`."""
        ranks = [self._ranks(path, ("sample_id", "key")) for path in paths]
        return _config("rollouts", paths, ROLLOUTS, ranks, [each != REMOVED for each in ranks])

    def verdicts(self, paths: Sequence[str]) -> Config:
        """Rows of the config `verdicts`: what judges said of answers."""
        some = [path for path in paths if count_rows(path)]
        ranks = [self._ranks(path, ("sample_id", "key", "verdict")) for path in some]
        return _config("verdicts", some, VERDICTS, ranks, [each != REMOVED for each in ranks])

    def drops(self, paths: Sequence[str]) -> Config:
        """Rows of the config `drops`, the files of which may be empty; after them one row for each removed sample."""
        import polars as pl

        gone = [
            msgspec.to_builtins(tombstones.drop(row["corpus"], row["origin"], self.index.removed[row["sample_id"]]))
            for row in self.index.gone
        ]

        def frames(names: Sequence[str]) -> Iterator[Any]:
            for path in paths:
                for frame in _read(path, list(DROPS), DROPS, needs=tuple(DROPS)):
                    yield self._dropped(frame).select(names)
            if gone:
                yield pl.DataFrame(gone, schema=dict.fromkeys(DROPS, pl.String)).select(names)

        order = ["corpus", "origin"]
        placed = [frame.select(pl.col(order).fill_null("")) for frame in frames(order)]
        if not placed:
            return Config(name="drops", columns=COLUMNS["drops"], own=DROPS, ranks=np.zeros(0, np.int32), frames=frames)
        rows = pl.concat(placed)
        ranked = rows.unique().sort(order).with_row_index("rank")
        found = rows.join(ranked, on=order, how="left", maintain_order="left")["rank"].to_numpy().astype(np.int32)
        return Config(name="drops", columns=COLUMNS["drops"], own=DROPS, ranks=found, frames=frames)

    def _dropped(self, frame: Any) -> Any:
        """Rows of drops.parquet, without their text where that contains a removed id."""
        import polars as pl

        if not self._tombstones.removed:
            return frame
        rows = [self._tombstones.dropped(row) for row in frame.iter_rows(named=True)]
        return pl.DataFrame(rows, schema=frame.schema)

    def _ranks(self, path: str, needs: Mapping[str, str] | Sequence[str]) -> Ranks:
        """The rank of the sample of each row; raises VtgError for a file without rows, or without a column needed."""
        next(read_pieces(path, {"sample_id": "text"}, needs=needs), None)
        ranks = self.index.ranks_of(path)
        if not len(ranks):
            raise VtgError(f"{path}: holds no rows, so there is nothing to release.")
        return ranks

    def _joined(
        self,
        config: str,
        path: str,
        columns: Mapping[str, str],
        ranks: Ranks,
        kept: NDArray[np.bool_],
        more: Mapping[str, str],
    ) -> Config:
        """Each row with its sample's columns; raises VtgError when the video of a row is also in a benchmark.

        `more` are columns that only some files of this config have.
        """
        leaks = self.index.leaks(ranks[kept])
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
        written = columns_of(config, self.index.more) | dict(more)
        own = {
            name: kind for name, kind in columns.items() if name in written and name not in (*SAMPLES, "first_version")
        }
        return _config(config, [path], {"sample_id": "text"} | own, [ranks], [kept], written)

    def _note_students(self, asked: Asked) -> None:
        """Keep, per model, the facts from the file with more samples: selected rows are a subset of the pass rates."""
        for facts in asked.students():
            known = next((each for each in self.models if (each["role"], each["id"]) == ("student", facts["id"])), None)
            if known is None:
                self.models.append(facts)
            elif known["samples"] < facts["samples"]:
                known.update(facts)

    def _note_prompts(self, path: str, rows: Any) -> None:
        for name, text in rows.select("prompt_id", "prompt").unique(maintain_order=True).rows():
            name, text = name or "", text or ""
            if not _PROMPT.match(name) or not name.endswith(f"-{fingerprint.short(text)[:8]}"):
                same = (rows["prompt_id"].fill_null("") == name) & (rows["prompt"].fill_null("") == text)
                raise VtgError(
                    f"{path}: {rows.filter(same)['sample_id'][0]!r}: prompt_id {name!r} is not name and hash of the "
                    "text in `prompt`. Make the file again."
                )
            self.prompts[name] = text


def _config(
    name: str,
    paths: Sequence[str],
    own: Mapping[str, str],
    ranks: Sequence[Ranks],
    kept: Sequence[NDArray[np.bool_]],
    columns: Mapping[str, str] | None = None,
) -> Config:
    """The kept rows of some files as a config; `columns` if it has others than its name says."""

    def frames(names: Sequence[str]) -> Iterator[Any]:
        for path, wanted in zip(paths, kept, strict=True):
            begun, whole = 0, bool(wanted.all())
            for frame in _read(path, names, own):
                yield frame if whole else frame.filter(wanted[begun : begun + frame.height])
                begun += frame.height

    chosen = [rank[wanted] for rank, wanted in zip(ranks, kept, strict=True)]
    joined = np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.int32)
    return Config(name=name, columns=columns or known_columns(name), own=own, ranks=joined, frames=frames)


def _read(path: str, names: Sequence[str], kinds: Mapping[str, str], *, needs: Sequence[str] = ()) -> Iterator[Any]:
    """Yield some columns of a file as Polars frames, fit to be published.

    A column that the file lacks (of a selector without pass rates, say) is null.
    """
    for frame in read_frames(path, {name: kinds[name] for name in dict.fromkeys(names)}, needs=needs):
        published.refuse_paths(path, frame)
        yield published.model_names(frame)


def keys_of(config: str) -> tuple[str, ...]:
    """The columns that identify a row of a config."""
    return _KEYS.get(kind_of(config), _CHOSEN_KEY)


def key_of(row: Row, config: str) -> str:
    """A row's key for people: its values in the columns that identify it."""
    return " ".join(str(row[column]) for column in keys_of(config))
