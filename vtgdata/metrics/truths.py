"""The samples of an evaluation as columns, made once for all rounds of scoring, with other samples' truths too.

An evaluation scores its answers in many rounds, most of them against other samples' truths. Most metrics need nothing
of a sample but its windows, so these are read from the samples once, and other truths are gathered from their rows.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata.files.samples import SampleTable
from vtgdata.metrics.cluster_means import Clusters, clusters_of
from vtgdata.metrics.flat import Flat, Index
from vtgdata.metrics.sample_columns import Columns, columns_of
from vtgdata.metrics.word_table import Words, words_of
from vtgdata.records import Sample, Window


class Truths(Sequence[Sample]):
    """Samples, with what is needed of them as columns: a long table of samples is never made into objects at once."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.given = samples

    def __len__(self) -> int:
        return len(self.given)

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | Sequence[Sample]:
        return self.whole[index]

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.whole)

    def only(self, mask: NDArray[np.bool_]) -> "Truths":
        """The samples for which the mask is true, in order. Args: mask: (n,)."""
        return self if mask.all() else _Some(self, mask)

    @cached_property
    def columns(self) -> Columns:
        """The columns of the samples."""
        return columns_of(self.given)

    @cached_property
    def whole(self) -> Sequence[Sample]:
        """The samples themselves, for metrics that need more of them than their windows."""
        return self.given

    @cached_property
    def windows(self) -> Flat:
        """The true windows."""
        return self.columns.windows

    @cached_property
    def absent(self) -> NDArray[np.bool_]:
        """(n,) whether it is known that there is no moment."""
        return self.columns.absent

    @cached_property
    def durations(self) -> NDArray[np.float64]:
        """(n,) of the videos, in seconds; NaN where it is not known."""
        return self.columns.durations

    @cached_property
    def clusters(self) -> Clusters:
        """The source of each sample, which is its cluster for intervals."""
        return clusters_of(self.columns.sources)

    @cached_property
    def words(self) -> Words:
        """The words of the queries."""
        return words_of(self.columns.queries)

    @cached_property
    def shares(self) -> Flat:
        """The true windows as shares of the duration; in seconds where that is not known."""
        flat = self.windows
        return flat._replace(windows=flat.windows / self.scale[flat.row][:, None])

    @cached_property
    def scale(self) -> NDArray[np.float64]:
        """(n,) duration in seconds, 1 where it is not known."""
        return np.where(np.isnan(self.durations), 1.0, self.durations)

    @cached_property
    def parts(self) -> list[dict[str, NDArray[np.float64]]]:
        """The shares of each sample and of its annotators; see `shares_of`."""
        return [shares_of(sample) for sample in self.given]


class _Some(Truths):
    """Some of the samples: their columns are parts of the columns of all."""

    def __init__(self, whole: Truths, mask: NDArray[np.bool_]) -> None:
        self._whole, self._mask = whole, mask

    def __len__(self) -> int:
        return int(np.count_nonzero(self._mask))

    @cached_property
    def given(self) -> Sequence[Sample]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The samples as they were given."""
        given = self._whole.given
        if isinstance(given, SampleTable):
            return given.masked(self._mask)
        return [given[i] for i in np.flatnonzero(self._mask).tolist()]

    @cached_property
    def windows(self) -> Flat:
        """The true windows."""
        return self._whole.windows.only(self._mask)

    @cached_property
    def absent(self) -> NDArray[np.bool_]:
        """(n,) whether it is known that there is no moment."""
        return self._whole.absent[self._mask]

    @cached_property
    def durations(self) -> NDArray[np.float64]:
        """(n,) of the videos, in seconds; NaN where it is not known."""
        return self._whole.durations[self._mask]

    @cached_property
    def clusters(self) -> Clusters:
        """The source of each sample."""
        return self._whole.clusters.only(np.flatnonzero(self._mask))

    @cached_property
    def words(self) -> Words:
        """The words of the queries."""
        return self._whole.words.only(self._mask)


class Moved(Truths):
    """Samples with other samples' truths in place of their own, moved to their durations.

    The samples are made only for metrics that ask for them, and are then kept as long as this is.
    """

    def __init__(self, own: Truths, donor: Index) -> None:
        """Args: donor: (n,) whose windows these are; a sample without a duration has its own."""
        super().__init__(own.given)
        self._own, self._donor = own, donor

    @cached_property
    def whole(self) -> Sequence[Sample]:
        """The samples themselves."""
        parts, donor = self._own.parts, self._donor.tolist()
        return [moved(sample, parts[int(j)]) for sample, j in zip(self.given, donor, strict=True)]

    @cached_property
    def windows(self) -> Flat:
        """The other samples' windows: those that rounding leaves empty are left out, as `moved` does."""
        shares, donor = self._own.shares, self._donor
        sizes = shares.sizes[donor]
        if shares.one_each:
            row = shares.row
            windows = shares.windows[donor]
            windows *= self._own.scale[:, None]
        else:
            row = np.repeat(np.arange(len(donor)), sizes)
            first = (np.cumsum(shares.sizes) - shares.sizes)[donor] - (np.cumsum(sizes) - sizes)
            windows = shares.windows[first[row] + np.arange(len(row))] * self._own.scale[row][:, None]
        kept = windows[:, 0] < windows[:, 1]
        if not kept.all():
            windows, row = windows[kept], row[kept]
            sizes = np.bincount(row, minlength=len(donor)).astype(np.intp)
        return Flat(windows, row, sizes)

    @cached_property
    def absent(self) -> NDArray[np.bool_]:
        """As of the samples' own."""
        return self._own.absent

    @cached_property
    def durations(self) -> NDArray[np.float64]:
        """As of the samples' own."""
        return self._own.durations


def as_truths(samples: Sequence[Sample]) -> Truths:
    """Samples with their columns, which are made anew unless the samples have them."""
    return samples if isinstance(samples, Truths) else Truths(samples)


def shares_of(sample: Sample) -> dict[str, NDArray[np.float64]]:
    """The sample's true windows, and those of its annotators, as shares of the duration: (k, 2) each."""
    duration = sample.video.duration or 1.0
    found = {"": [(window.start, window.end) for window in sample.windows]}
    if annotators := sample.extra.get("annotators"):
        found["annotators"] = annotators
    return {name: np.array(windows, dtype=np.float64).reshape(-1, 2) / duration for name, windows in found.items()}


_OF_ITS_OWN = ("annotators", "published_windows")
"""Of `extra`: further statements of a sample's own truth, which another truth must not be scored on."""


def moved(sample: Sample, shares: dict[str, NDArray[np.float64]]) -> Sample:
    """The sample with another truth, moved to its duration; itself if it has none. Args: shares: see `shares_of`."""
    if not (duration := sample.video.duration):
        return sample
    windows = tuple(Window(start, end) for start, end in (shares[""] * duration).tolist() if start < end)
    extra = {key: value for key, value in sample.extra.items() if key not in _OF_ITS_OWN}
    if "annotators" in shares:
        extra["annotators"] = (shares["annotators"] * duration).tolist()
    return msgspec.structs.replace(sample, windows=windows, extra=extra)
