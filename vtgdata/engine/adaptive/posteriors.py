"""Posterior means of true rates, for millions of samples at once: what few answers say is drawn towards the pool."""

from pathlib import Path
from typing import Any

import numpy as np

from vtgdata.engine.adaptive.rule import Floats, Prior
from vtgdata.files.pieces import piece_writer, read_frames, to_table


def fit(means: Floats, stds: Floats, counts: Floats) -> Prior:
    """The prior of `rule.fit`, from what is stored of each sample's answers.

    Args:
        means: (n,) means of the answers' values, in [0, 1].
        stds: (n,) their population standard deviations.
        counts: (n,) numbers of answers; samples with fewer than two are left out.
    """
    used = counts >= 2
    means, counts, variances = means[used], counts[used], stds[used] ** 2
    pull = 2.0 / (len(means) + 2.0)
    sample_variances = variances * counts / np.maximum(counts - 1, 1)
    within = sample_variances / counts
    if not len(means):
        means, within = np.array([0.5]), np.array([0.0])
    between = float(means.var() - within.mean()) if used.any() else 0.125
    mean = min(max((1 - pull) * float(means.mean()) + pull * 0.5, 0.01), 0.99)
    most = mean * (1 - mean)
    spread = min(max((1 - pull) * between + pull * 0.125, 0.01 * most), 0.95 * most)
    total = most / spread - 1
    inside = float(sample_variances.sum())
    coins = float((means * (1 - means) + within).sum()) if used.any() else 0.0
    weight = min(max(coins / inside, 1.0), 10.0) if inside > 0 and coins > 0 else 1.0
    return Prior(mean * total, (1 - mean) * total, weight)


def log_gamma(x: Floats) -> Floats:
    """The logarithm of the gamma function, for x > 0, with an error below 1e-10.

    Source: Stirling's series (DLMF 5.11.1) at x + 10, brought back by the recurrence.
    """
    shift = sum(np.log(x + k) for k in range(10))
    z = x + 10
    series = 1 / (12 * z) - 1 / (360 * z**3) + 1 / (1260 * z**5) - 1 / (1680 * z**7)
    return (z - 0.5) * np.log(z) - z + 0.5 * np.log(2 * np.pi) + series - shift


def means_of(prior: Prior, means: Floats, counts: Floats) -> Floats:
    """The mean of each sample's posterior; (n,) in (0, 1)."""
    return (prior.a + prior.weight * means * counts) / (prior.a + prior.b + prior.weight * counts)


def fill(path: Path, columns: dict[str, str]) -> None:
    """Fill in `posterior_mean` of a pass_rates.parquet where it is null and there are answers, a prior per measure."""
    import polars as pl

    needed = ("measure", "value", "value_std", "n")
    frames = list(read_frames(path, {name: columns[name] for name in needed}))
    if not frames:
        return
    rows = pl.concat(frames)
    rows = rows.filter(pl.col("value").is_not_null() & (pl.col("n") > 0))
    priors = {
        str(name): fit(*(part[each].cast(pl.Float64).to_numpy() for each in ("value", "value_std", "n")))
        for (name,), part in rows.group_by("measure")
    }
    with piece_writer(path, columns) as writer:
        for frame in read_frames(path, columns):
            writer.write(to_table(frame.with_columns(_filled(frame, priors)), columns))


def _filled(frame: Any, priors: dict[str, Prior]) -> Any:
    import polars as pl

    found = frame["posterior_mean"].to_numpy().copy()
    for name, prior in priors.items():
        mine = (
            frame.select(
                pl.col("measure").eq(name).fill_null(False)
                & pl.col("value").is_not_null()
                & pl.col("posterior_mean").is_null()
            )
            .to_series()
            .to_numpy()
        )
        counts = frame["n"].cast(pl.Float64).to_numpy()[mine]
        found[mine] = means_of(prior, frame["value"].to_numpy()[mine], counts)
    return pl.Series("posterior_mean", found).fill_nan(None)
