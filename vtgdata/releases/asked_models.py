"""The facts in release.json about the models that were asked for a release's rows: which, how often, and how."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtgdata.files import json_document
from vtgdata.records import NEUTRAL

Facts = dict[str, Any]
_HOW = ("prompt_id", "sampling_id", "sampling", "frame_sampling")


class Asked:
    """How models were asked, gathered from the rows of a file piece by piece: a few numbers for each row."""

    COLUMNS = ("sample_id", "model_id", *_HOW)
    """Columns that a piece must have; of traces also `kept` and `reason`, of pass rates also `n`."""

    def __init__(self, ranks: NDArray[np.int32]) -> None:
        """Begin; `ranks` numbers the sample of each row of the file, and is below 0 where the row does not count."""
        self._ranks = ranks
        self._names: dict[str, int] = {}
        self._ways: dict[tuple[str, ...], int] = {}
        self._parts: list[Any] = []
        self._lost: Counter[tuple[str, str]] = Counter()
        self._marks: Counter[tuple[str, str]] = Counter()

    def add(self, frame: Any, here: slice, told: NDArray[np.bool_] | None = None) -> None:
        """Take a piece of the file.

        Args:
            frame: the rows, as a Polars frame.
            here: their numbers in the file.
            told: for each of them, whether it counts; None for all.
        """
        import polars as pl

        ranks = self._ranks[here]
        counts = (ranks >= 0) if told is None else (ranks >= 0) & told
        texts = frame.with_columns(
            pl.col("model_id").fill_null(""),
            *(pl.col(name).fill_null("").alias(name) for name in _HOW),
        )
        n = frame["n"].fill_null(0) if "n" in frame.columns else pl.Series("n", np.ones(frame.height, dtype=np.int64))
        kept = frame["kept"].fill_null(False) if "kept" in frame.columns else pl.Series([True] * frame.height)
        rows = texts.select("model_id", *_HOW).with_columns(
            rank=pl.Series(ranks, dtype=pl.Int32), n=n.cast(pl.Int32), kept=kept
        ).filter(counts)  # fmt: skip
        ways = rows.select("model_id", *_HOW).unique(maintain_order=True)
        numbers = [
            (self._names.setdefault(model, len(self._names)), self._ways.setdefault(tuple(way), len(self._ways)))
            for model, *way in ways.rows()
        ]
        codes = pl.DataFrame(numbers, schema={"model": pl.UInt32, "way": pl.UInt32}, orient="row")
        coded = rows.join(ways.hstack(codes), on=["model_id", *_HOW], how="left", maintain_order="left")
        self._parts.append(coded.select("model", "way", "rank", "n", "kept"))
        if "reason" in frame.columns:
            lost = texts.filter(pl.Series(counts) & ~kept).group_by("model_id", "reason").len()
            for name, reason, rows_ in lost.rows():
                self._lost[name, reason or "unknown"] += rows_
        if "marks" in frame.columns:
            marked = texts.filter(pl.Series(counts) & kept).explode("marks").drop_nulls("marks")
            for name, mark, rows_ in marked.group_by("model_id", "marks").len().rows():
                self._marks[name, mark] += rows_

    @property
    def marked(self) -> bool:
        """Whether a kept trace has a mark."""
        return bool(self._marks)

    def _models(self) -> Iterator[tuple[str, Any]]:
        """The rows of each model, models by name."""
        import polars as pl

        if self._parts:
            rows = pl.concat(self._parts)
            for name, number in sorted(self._names.items()):
                yield name, rows.filter(pl.col("model") == number)

    def teachers(self) -> list[Facts]:
        """Facts of each model that wrote traces: how many, how many were kept, why others were not, how it was asked.

        Each row of traces.parquet is one answer, kept or not.
        """
        found: list[Facts] = []
        for name, rows in self._models():
            answers = rows.group_by("rank").len()["len"]
            reasons = {reason: count for (model, reason), count in self._lost.items() if model == name}
            found.append({
                "role": "teacher", "id": name, "samples": len(answers), "rows": rows.height, "least": answers.min(),
                "most": answers.max(), "kept": int(rows["kept"].sum()), "not_kept": dict(sorted(reasons.items())),
                "asked": self._asked(rows.with_columns(n=1)),
            })  # fmt: skip
            if marks := {mark: count for (model, mark), count in self._marks.items() if model == name}:
                found[-1]["marks"] = dict(sorted(marks.items()))
        return found

    def students(self) -> list[Facts]:
        """Facts of each model whose answers gave pass rates: how many answers, and how it was asked.

        There is a row for each sample and measure, with its number of answers n; of a sample, the last one counts.
        """
        found: list[Facts] = []
        for name, rows in self._models():
            each = rows.unique("rank", keep="last")
            found.append({
                "role": "student", "id": name, "samples": each.height, "rows": int(each["n"].sum()),
                "least": each["n"].min(), "most": each["n"].max(), "asked": self._asked(each),
            })  # fmt: skip
        return found

    def _asked(self, rows: Any) -> list[Facts]:
        """Each way in which a model was asked: prompt, sampling of answers, frames, samples, and answers per sample."""
        import polars as pl

        answers = rows.group_by("way", "rank").agg(pl.col("n").sum())
        ways = answers.group_by("way").agg(samples=pl.len(), least=pl.col("n").min(), most=pl.col("n").max())
        counts = {row["way"]: row for row in ways.iter_rows(named=True)}
        return [
            {
                "prompt": prompt,
                **_drawn(sampling, sampling_id),
                "frames": json_document.cell(frames, "frame_sampling") if frames else None,
                **{what: counts[number][what] for what in ("samples", "least", "most")},
            }
            for (prompt, sampling_id, sampling, frames), number in sorted(self._ways.items())
            if number in counts
        ]


def _drawn(sampling: str, sampling_id: str) -> Facts:
    """temperature, top_p, max_tokens and seed; for older rows, which do not store these, only the short form."""
    return json_document.cell(sampling, "sampling", Facts) if sampling else {"sampling": sampling_id}


def drawn_words(asked: Mapping[str, Any]) -> str:
    """How answers were drawn, in words.

    >>> drawn_words({"temperature": 0.7, "top_p": 1.0, "max_tokens": 512, "seed": 3})
    'temperature 0.7, top_p 1, at most 512 tokens, seed 3'
    """
    if "temperature" not in asked:
        return f"sampling {asked['sampling']}"
    drawn = [f"{name} {asked[name]:g}" for name in ("temperature", "top_p", *NEUTRAL) if name in asked]
    rest = [f"at most {asked['max_tokens']:,} tokens", f"seed {asked['seed']}"]
    if (same := asked.get("reproducible")) is not None:
        rest.append("batches of one size (reproducible)" if same else "batches of any size (not reproducible)")
    return ", ".join([*drawn, *rest])


def frames_words(frames: Mapping[str, Any] | None) -> str:
    """Which frames a model saw, in words.

    >>> frames_words({"frames": 32, "fps": None, "midpoint": False, "short_side": 336})
    '32 frames, each from the start of one of 32 equal parts of the video, short side at most 336 pixels'
    """
    if frames is None:
        return "frames not recorded"
    count, fps = frames.get("frames"), frames.get("fps")
    part = "middle" if frames.get("midpoint") else "start"
    even = f"{count} frames, each from the {part} of one of {count} equal parts of the video"
    most = f", at most {count}" if count else ""
    size = f"short side at most {frames.get('short_side')} pixels"
    if budget := frames.get("tokens"):
        size = f"as large as {budget['total']:,} visual tokens of {budget['patch']} x {budget['patch']} pixels allow"
    shown = ", shown as one video" if frames.get("shown_as") == "video" else ""
    return f"{f'{fps:g} frames a second{most}' if fps else even}, {size}{shown}"
