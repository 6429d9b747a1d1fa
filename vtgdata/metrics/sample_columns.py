"""What an evaluation needs of samples as columns: read off a table of samples, or made from samples one by one.

Both give the same for the same samples. A table of a million rows has its columns in a second; its Samples would take
ten, and a gigabyte.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from vtgdata.files.sample_checks import NO_EXTRA, read_extra
from vtgdata.files.samples import SampleTable
from vtgdata.metrics.flat import Flat, flat_windows
from vtgdata.records import Sample


class Names(Protocol):
    """n texts, by place and in order."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __getitem__(self, index: Any, /) -> Any: ...


class Group(NamedTuple):
    """Samples that are compared with the same published numbers."""

    corpus: str
    split: str
    version: str
    """Of the labels."""


class Columns(Protocol):
    """The columns of n samples."""

    @property
    def ids(self) -> Names:
        """Their sample_id."""
        ...

    @property
    def sources(self) -> Any:
        """The source of each sample: texts, or a Polars series of them."""
        ...

    @property
    def corpora(self) -> Any:
        """The corpus of each sample, in the same form."""
        ...

    @property
    def queries(self) -> Iterable[str]:
        """Their queries."""
        ...

    @property
    def answers(self) -> list[str | None] | None:
        """The letters of their right options; None where no sample has one."""
        ...

    @property
    def windows(self) -> Flat:
        """Their true windows."""
        ...

    @property
    def durations(self) -> NDArray[np.float64]:
        """(n,) of their videos, in seconds; NaN where it is not known."""
        ...

    @property
    def absent(self) -> NDArray[np.bool_]:
        """(n,) whether it is known that there is no moment."""
        ...

    def groups(self) -> dict[Group, NDArray[np.intp]]:
        """The places of the samples of each group, in order."""
        ...

    def origins(self, places: NDArray[np.intp]) -> Iterable[str]:
        """Where some of the samples come from, each origin once or more."""
        ...

    def extras(self) -> Iterable[dict[str, Any]]:
        """What else is known of each sample; nothing at all where none has more."""
        ...

    def by_id(self) -> NDArray[np.intp]:
        """The places in the order of the ids."""
        ...


def columns_of(samples: Sequence[Sample]) -> Columns:
    """The columns of samples."""
    return _OfTable(samples.frame) if isinstance(samples, SampleTable) else _OfSamples(samples)


class _OfSamples:
    """Columns of samples that are there as objects."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    @property
    def ids(self) -> list[str]:
        return [sample.sample_id for sample in self._samples]

    @property
    def sources(self) -> list[str]:
        return [sample.video.source for sample in self._samples]

    @property
    def corpora(self) -> list[str]:
        return [sample.corpus for sample in self._samples]

    @property
    def queries(self) -> list[str]:
        return [sample.query for sample in self._samples]

    @property
    def answers(self) -> list[str | None] | None:
        found = [sample.answer for sample in self._samples]
        return found if any(each is not None for each in found) else None

    @property
    def windows(self) -> Flat:
        return flat_windows([sample.windows for sample in self._samples])

    @property
    def durations(self) -> NDArray[np.float64]:
        return np.array([sample.video.duration or np.nan for sample in self._samples], dtype=np.float64)

    @property
    def absent(self) -> NDArray[np.bool_]:
        return np.array([sample.none_is_right for sample in self._samples], dtype=bool)

    def groups(self) -> dict[Group, NDArray[np.intp]]:
        rows: dict[Group, list[int]] = {}
        for i, sample in enumerate(self._samples):
            rows.setdefault(Group(sample.corpus, sample.split, sample.label_version), []).append(i)
        return {group: np.array(places, dtype=np.intp) for group, places in rows.items()}

    def origins(self, places: NDArray[np.intp]) -> list[str]:
        chosen: list[int] = places.tolist()
        return [self._samples[i].origin for i in chosen]

    def extras(self) -> list[dict[str, Any]]:
        return [sample.extra for sample in self._samples]

    def by_id(self) -> NDArray[np.intp]:
        ids = self.ids
        return np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.intp)


class _OfTable:
    """Columns of a table of samples; its rows are valid, see `open_samples`."""

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def _text(self, name: str, missing: str) -> Any:
        """A column of texts, in which `missing` stands for none and for an empty one."""
        import polars as pl

        if name not in self._frame.columns:
            return pl.Series(name, [missing], pl.String).new_from_index(0, self._frame.height)
        found = self._frame[name].cast(pl.String)
        return found.replace({"": missing}).fill_null(missing) if missing else found.fill_null("")

    @property
    def ids(self) -> Any:
        return self._frame["sample_id"]

    @property
    def sources(self) -> Any:
        import polars as pl

        if "source_id" not in self._frame.columns:
            return self._frame["video_id"]
        known = pl.col("source_id").cast(pl.String)
        return self._frame.select(pl.when(known != "").then(known).otherwise(pl.col("video_id")).alias("source"))[
            "source"
        ]

    @property
    def corpora(self) -> Any:
        return self._frame["corpus"]

    @property
    def queries(self) -> Iterable[str]:
        return self._frame["query"]

    @property
    def answers(self) -> list[str | None] | None:
        found: Any = self._frame["answer"] if "answer" in self._frame.columns else None
        letters: list[str | None] | None = None if found is None else found.to_list()
        return letters if letters is not None and any(each is not None for each in letters) else None

    @property
    def windows(self) -> Flat:
        import polars as pl

        listed = self._frame["windows"].cast(pl.List(pl.List(pl.Float64)))
        sizes = listed.list.len().fill_null(0).to_numpy().astype(np.intp)
        bounds = listed.drop_nulls().explode().drop_nulls().explode().to_numpy().reshape(-1, 2)
        return Flat(bounds.astype(np.float64), np.repeat(np.arange(len(sizes)), sizes), sizes)

    @property
    def durations(self) -> NDArray[np.float64]:
        import polars as pl

        return self._frame["duration"].cast(pl.Float64).fill_null(float("nan")).to_numpy().astype(np.float64)

    @property
    def absent(self) -> NDArray[np.bool_]:
        if "none_is_right" not in self._frame.columns:
            return np.zeros(int(self._frame.height), dtype=bool)
        import polars as pl

        return self._frame["none_is_right"].cast(pl.Boolean).fill_null(False).to_numpy().astype(bool)

    def groups(self) -> dict[Group, NDArray[np.intp]]:
        import polars as pl

        frame = pl.DataFrame(
            [
                self._text("corpus", "").alias("corpus"),
                self._text("split", "").alias("split"),
                self._text("label_version", "original").alias("version"),
            ]
        )
        parts = frame.with_row_index("place").partition_by(["corpus", "split", "version"], as_dict=True)
        return {Group(*names): part["place"].to_numpy().astype(np.intp) for names, part in parts.items()}

    def origins(self, places: NDArray[np.intp]) -> Iterable[str]:
        return self._text("origin", "")[places]

    @cached_property
    def _has_more(self) -> bool:
        extra = self._text("extra", NO_EXTRA)
        return bool((extra != NO_EXTRA).any())

    def extras(self) -> Iterator[dict[str, Any]]:
        if self._has_more:
            yield from map(read_extra, self._text("extra", NO_EXTRA))

    def by_id(self) -> NDArray[np.intp]:
        return self.ids.arg_sort().to_numpy().astype(np.intp)
