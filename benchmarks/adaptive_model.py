"""How well adaptive pass rates agree with many answers to each sample, on a real model.

Takes two outputs of score-difficulty on the same samples and model: one with --adaptive, one with a fixed, large --n
(with another --seed, so that it knows nothing of the first). Says how many samples got the place that the fixed one's
mean gives, how many beyond the indifference zone did not, and the answers used.

    vtgdata score-difficulty ... --adaptive mean_iou:0.2:0.8:0.05 --n 4 --max-n 64 --out adaptive
    vtgdata score-difficulty ... --n 64 --seed 1 --out fixed
    python benchmarks/adaptive_model.py adaptive fixed mean_iou:0.2:0.8:0.05
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl

from vtgdata.engine.adaptive.rule import ZONE, parse_rule


def rates(folder, measure):
    """{sample: its row} for one measure."""
    table = pl.read_parquet(Path(folder) / "pass_rates.parquet").filter(pl.col("measure") == measure)
    return {row["sample_id"]: row for row in table.to_dicts()}


def place(value, low, high):
    """The place of a rate by its edges alone."""
    return "too_hard" if value < low else "too_easy" if value > high else "wanted"


def beyond(got, value, low, high, zone=ZONE):
    """Whether a rate lies out of the place it got by more than the zone."""
    return {
        "too_hard": value >= low + zone,
        "wanted": value <= low - zone or value >= high + zone,
        "too_easy": value <= high - zone,
    }[got]


def main(adapted, fixed, spec):
    """Print the comparison, as `place: n` lines and shares."""
    rule = parse_rule(spec)
    ours, theirs = rates(adapted, rule.measure), rates(fixed, rule.measure)
    both = [(ours[one], theirs[one]) for one in ours if one in theirs and theirs[one]["value"] is not None]
    same = [o["place"] == place(t["value"], rule.low, rule.high) for o, t in both]
    wrong = [beyond(o["place"], t["value"], rule.low, rule.high) for o, t in both]
    used, all_of = np.array([o["n"] for o, _ in both]), np.array([t["n"] for _, t in both])
    print(f"samples {len(both)}, answers each: {used.mean():.1f} (most {used.max()}) against {all_of.mean():.1f}")
    print(f"same place {np.mean(same):.3f}; misplaced beyond the zone {np.mean(wrong):.3f} (asked {rule.error})")
    for n in (8, 16, 32):
        half = [(np.mean(t["ious"][:n]), np.mean(t["ious"][n:])) for _, t in both] if rule.measure == "mean_iou" else []
        if half:
            lost = [beyond(place(a, rule.low, rule.high), b, rule.low, rule.high) for a, b in half]
            print(
                f"fixed n={n} against the other {int(all_of.max()) - n}: misplaced beyond the zone {np.mean(lost):.3f}"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
