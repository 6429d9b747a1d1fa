"""Means of values that are not independent: with their cluster-robust standard errors and degrees of freedom.

Queries about one source share its scenes, so a source counts, not a query. Standard errors are those of the CR2
estimator, and degrees of freedom Satterthwaite's, both with independent values of equal variance as the working model;
for G clusters of one size they are the usual ones of G means, with G - 1 degrees of freedom. For a mean both have
closed forms, which need no matrix. Sources: Bell and McCaffrey, Bias reduction in standard errors for linear regression
with multi-stage samples (Survey Methodology 2002); Pustejovsky and Tipton, Small-sample methods for cluster-robust
variance estimation (JBES 2018).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from vtgdata.metrics.flat import Index
from vtgdata.records import Sample
from vtgdata.records.windows import Array


def sources_of(samples: Sequence[Sample]) -> list[str]:
    """The cluster of each sample: its video's source."""
    return [sample.video.source for sample in samples]


class Clusters(NamedTuple):
    """Which cluster each value belongs to."""

    names: list[str]
    """(G,) sorted by name, so that the order of the rows does not matter."""
    of: Index
    """(n,) number of each value's cluster."""

    def sums(self, values: Array) -> Array:
        """Sum of each column over each cluster. Args: values: (n, m). Returns: (G, m)."""
        found = np.empty((len(self.names), values.shape[1]))
        for column, one in enumerate(values.T):
            found[:, column] = np.bincount(self.of, one, minlength=len(self.names))
        return found

    def only(self, rows: Index) -> "Clusters":
        """The clusters of some of the values. Args: rows: (k,) which."""
        left, of = np.unique(self.of[rows], return_inverse=True)
        return Clusters([self.names[number] for number in left.tolist()], of)


def clusters_of(names: Any) -> Clusters:
    """The clusters of n values.

    Args: names: (n,) name of each value's cluster, as texts or as a Polars series; or the clusters themselves.
    """
    if isinstance(names, Clusters):
        return names
    if hasattr(names, "to_physical"):
        return _of_series(names)
    found = sorted(set(names))
    place = {name: number for number, name in enumerate(found)}
    return Clusters(found, np.fromiter((place[name] for name in names), np.intp, len(names)))


def _of_series(names: Any) -> Clusters:
    import polars as pl

    found = names.unique().sort()
    of = names.cast(pl.Enum(found)).to_physical().to_numpy().astype(np.intp)
    return Clusters(found.to_list(), of)


class Means(NamedTuple):
    """Means of m metrics, each over the values that are not NaN."""

    mean: Array
    """(m,), NaN where there is no value."""
    error: Array
    """(m,) CR2 standard error of the mean; NaN for fewer than two clusters."""
    df: Array
    """(m,) its degrees of freedom; NaN for fewer than two clusters."""
    clusters: Index
    """(m,) number of clusters that have a value."""
    equal_clusters: Array
    """(m,) number of clusters of one size that weigh the same: 1 / the sum of squared shares."""
    totals: Array
    """(G, m) sum of the values of each cluster."""
    sizes: Array
    """(G, m) number of values of each cluster."""


def cluster_means(values: Array, clusters: Clusters) -> Means:
    """The means of m metrics, with what their intervals need. Args: values: (n, m), NaN where none applies."""
    missing = np.isnan(values)
    if missing.any():
        sizes, totals = clusters.sums((~missing).astype(np.float64)), clusters.sums(np.where(missing, 0.0, values))
    else:
        counts = np.bincount(clusters.of, minlength=len(clusters.names)).astype(np.float64)
        sizes, totals = np.repeat(counts[:, None], values.shape[1], axis=1), clusters.sums(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        n = sizes.sum(axis=0)
        mean = totals.sum(axis=0) / n
        share = sizes / n
        off = totals - sizes * mean
        error = np.sqrt((off**2 / (1 - share)).sum(axis=0)) / n
        # Two values that are equal but for rounding have no error.
        error = np.where(error < 1e-12, 0.0, error)
        weight = share**2 / (1 - share)
        shares = (share**2).sum(axis=0)
        df = 1 / (shares + weight.sum(axis=0) ** 2 - (weight**2).sum(axis=0))
    counted = (sizes > 0).sum(axis=0)
    lone = counted < 2
    return Means(
        mean=mean,
        error=np.where(lone, np.nan, error),
        df=np.where(lone, np.nan, df),
        clusters=counted,
        equal_clusters=np.where(counted > 0, 1 / np.where(counted > 0, shares, 1.0), 0.0),
        totals=totals,
        sizes=sizes,
    )
