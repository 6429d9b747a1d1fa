"""Looks that find bounds or durations in another unit, or of another video."""

import math

import numpy as np
from numpy.typing import NDArray

from vtgdata.annotations.looks.seen import FEW, SURE, Seen, Shown, many


def fractions(shown: Shown) -> Seen | None:
    """Windows of the first second of long videos are shares of the duration (or thousands of seconds)."""
    ends, limits = shown.columns.ends, shown.limits
    if shown.unit != "seconds" or len(ends) < FEW:
        return None
    small = (ends <= 1) & ~(limits <= 5) & (ends > 0)
    count = int(small.sum())
    if not many(count, len(ends), 0.05):
        return None
    return Seen(count, len(ends), "windows end within the first second of their videos, as shares of the duration do")


def percents(shown: Shown) -> Seen | None:
    """No window ends after 100 in videos that are much longer, or some end at 100 exactly: per cent."""
    ends, limits = shown.columns.ends, shown.limits
    if shown.unit != "seconds" or len(ends) < FEW or not 1 < ends.max(initial=0) <= 100:
        return None
    known = np.isfinite(limits)
    chance = np.log(np.minimum(1.0, 100 / limits[known & (limits > 0)])).sum()
    top = int((ends >= 99).sum())
    if (known.any() and chance < SURE and ends.max() > 50) or (not known.any() and top >= max(3, 0.02 * len(ends))):
        return Seen(len(ends), len(ends), "windows end at 100 or before, though videos are longer, as per cent do")
    return None


def starts_past_end(shown: Shown) -> Seen | None:
    """A window that begins after its video ends is of another video, or in another unit."""
    columns, limits = shown.columns, shown.limits
    late = columns.starts >= limits
    count = int(late.sum())
    if not many(count, int(np.isfinite(limits).sum()), 0.01):
        return None
    return Seen(count, len(late), f"windows start after the end of their videos{_factor(shown, late)}")


def ends_past_end(shown: Shown) -> Seen | None:
    """Many ends far past the end of the video: another unit, or the durations of other videos."""
    columns, limits = shown.columns, shown.limits
    late = (columns.ends > limits + 1) & (columns.ends > 1.05 * limits)
    count = int(late.sum())
    if not many(count, int(np.isfinite(limits).sum()), 0.1):
        return None
    return Seen(count, len(late), f"windows end well after their videos{_factor(shown, late)}")


def _factor(shown: Shown, late: NDArray[np.bool_]) -> str:
    """Which unit the factor between bounds and durations speaks for, in words."""
    ratios = shown.columns.ends[late] / shown.limits[late]
    typical, published = float(np.median(ratios)), shown.columns.published
    whole = bool(np.all(published == np.floor(published)))
    if late.mean() < 0.5:
        return ": durations, windows or rows of other videos (shuffled, or out of step)?"
    if typical > 100:
        return f", typically {typical:,.0f} times as far: milliseconds?"
    if whole and typical > 5:
        return f", typically {typical:.0f} times as far, and all bounds are whole numbers: frames?"
    return f", typically {typical:.1f} times as far: another unit, or another clock?"


def early(shown: Shown) -> Seen | None:
    """Moments occur in all parts of a video: where none is in the later half, the units of the two differ."""
    ends, limits, videos = shown.columns.ends, shown.limits, shown.columns.videos[shown.columns.owner]
    known = np.isfinite(limits) & (limits > 0) & (ends > 0)
    if known.sum() < FEW or (shown.unit == "seconds" and ends.max() <= 1):
        return None  # too few, or what `fractions` says
    ratios, several = ends[known] / limits[known], len(np.unique(videos[known]))
    last = float(np.percentile(ratios, 99))
    edge = 0.4 < last < 0.6 and ratios.max() < 0.6 and (ratios >= 0.98 * ratios.max()).mean() >= 0.03
    # A small collection may have chosen early moments (DiDeMo's are all in the first 30 s).
    most = 0.55 if several >= 200 else 0.4
    if (last >= most and not edge) or last <= 0 or several * math.log(last) > SURE:
        return None
    says = f"windows end in the first {100 * last:.2g} % of their videos: are bounds and durations in one unit?"
    return Seen(len(ratios), len(ends), says)


def two_units(shown: Shown) -> Seen | None:
    """Durations in two far clusters, a thousand times apart, are seconds and milliseconds in one file."""
    known = np.sort(shown.columns.durations[np.isfinite(shown.columns.durations) & (shown.columns.durations > 0)])
    if len(known) < 2 * FEW:
        return None
    place = int(np.argmax(known[1:] / known[:-1])) + 1
    low, high = known[:place], known[place:]
    apart = float(np.median(high) / np.median(low))
    if known[place] / known[place - 1] < 10 or not 200 <= apart <= 5_000 or min(len(low), len(high)) < FEW:
        return None
    return Seen(min(len(low), len(high)), len(known), f"durations are some {apart:,.0f} times the others: two units?")


def milliseconds(shown: Shown) -> Seen | None:
    """Where no duration is known, ends of hours and windows of many minutes are milliseconds, or frames."""
    columns = shown.columns
    if len(columns.ends) < FEW or np.isfinite(columns.durations).any():
        return None
    middle, length = float(np.median(columns.ends)), float(np.median(columns.ends - columns.starts))
    if middle < 5_000 or (length < 500 and middle < 20_000):
        return None
    return Seen(
        len(columns.ends), len(columns.ends), f"windows have a median end of {middle:,.0f} s and a median length of "
        f"{length:,.0f} s: milliseconds, or frames?",
    )  # fmt: skip


def off_grid(shown: Shown) -> Seen | None:
    """The corpus's annotators marked whole steps of its grid; bounds between the steps are in another unit."""
    bounds, grid = np.concatenate([shown.columns.starts, shown.columns.ends]), shown.grid
    if len(bounds) < 2 * FEW:
        return None
    if shown.unit in ("chunks", "clips"):
        counted = shown.columns.published
        between = int((counted != np.floor(counted)).sum())
        says = f"ends are counts of {shown.unit}, and no whole numbers"
        return Seen(between, len(counted), says) if many(between, len(counted), 0.05) else None
    if grid is None or shown.unit != "seconds":
        return None
    steps = bounds / grid
    with np.errstate(invalid="ignore"):
        between = int((np.abs(steps - np.round(steps)) > 0.02).sum())
    if 2 * between >= len(bounds):
        return Seen(between, len(bounds), f"bounds are not on the corpus's grid of {grid:g} s")
    whole = int((bounds == np.floor(bounds)).sum())
    if grid <= 0.1 and len(bounds) >= 40 and whole == len(bounds):
        return Seen(whole, len(bounds), f"bounds are whole numbers, though the corpus has steps of {grid:g} s: frames?")
    return None
