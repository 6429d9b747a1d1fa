"""Quotas over columns and caps per video, round any selector."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from vtgdata.engine.selection import draws
from vtgdata.errors import VtgError, did_you_mean

Draw = Callable[[Any, int], list[str]]
"""(ids of the pool, size) -> ids: a selector on a part of the pool."""
_HOW = "write COLUMN:VALUE=SHARE,VALUE=SHARE, or COLUMN:equal or COLUMN:pool, and for a number COLUMN:equal:EDGE,EDGE"


class Quota(msgspec.Struct, frozen=True, kw_only=True):
    """A share of the choice for each value of a column."""

    column: str
    shares: dict[str, float] = {}
    """{value: share}; empty for `equal` and `pool`."""
    equal: bool = False
    """Whether each value gets as much; otherwise, without shares, each gets what it has of the pool."""
    edges: tuple[float, ...] = ()
    """Of a number: the bounds between its ranges, each range with its lower bound."""


class Limits(NamedTuple):
    """What a choice has to keep."""

    quotas: tuple[Quota, ...] = ()
    per_video: int | None = None
    per_source: int | None = None


class Choice(NamedTuple):
    """Ids in the order of the draw, and what was lacking."""

    ids: list[str]
    short: dict[str, list[int]]
    """{values of the quotas' columns: [rows asked for, rows found]}, where it found fewer."""


def parse(text: str) -> Quota:
    """A quota from its text; raises VtgError for any other text.

    >>> parse("corpus:didemo=0.5,queryd=0.5").shares
    {'didemo': 0.5, 'queryd': 0.5}
    >>> parse("duration:equal:30,60").edges
    (30.0, 60.0)
    """
    column, _, rest = text.partition(":")
    how, _, edges = rest.partition(":")
    try:
        if how in ("equal", "pool"):
            bounds = tuple(float(edge) for edge in edges.split(",")) if edges else ()
            if list(bounds) == sorted(set(bounds)):
                return Quota(column=column, equal=how == "equal", edges=bounds)
        elif rest:
            pairs = [item.rpartition("=") for item in rest.split(",")]
            shares = {value: float(share) for value, _, share in pairs}
            if len(shares) == len(pairs) and all(0 <= s <= 1 for s in shares.values()) and sum(shares.values()) > 0:
                if sum(shares.values()) > 1 + 1e-9:
                    raise VtgError(f"--quotas {text!r}: the shares sum up to {sum(shares.values()):g}, above 1.")
                return Quota(column=column, shares=shares)
    except ValueError:
        pass
    raise VtgError(f"--quotas {text!r}: {_HOW}.")


def strata(facts: Any, quotas: Sequence[Quota], size: int) -> list[tuple[str, Any, int]]:
    """The parts of a pool, each with its name, the ids in it, and how many rows it is to give.

    Args:
        facts: one row per sample of the pool, with `sample_id` and the columns of the quotas.
        quotas: several are crossed, and their shares multiplied.
        size: rows in all.

    Rows with another value than those of a quota with shares below 1 in sum share the rest. Raises VtgError for a
    column that is not known.
    """
    import polars as pl

    labelled = labels(facts, quotas)
    keys = labelled.columns[1:]
    groups = labelled.group_by(keys).agg("sample_id").sort(keys)
    weights = [_weights(labelled[key], quota) for key, quota in zip(keys, quotas, strict=True)]
    found: list[tuple[str, Any, float]] = []
    seen: set[tuple[str, ...]] = set()
    for row in groups.iter_rows():
        share = 1.0
        for value, of in zip(row[:-1], weights, strict=True):
            share *= of.get(value, 0.0)
        seen.add(row[:-1])
        if share > 0:
            ids = pl.Series("sample_id", row[-1], dtype=pl.String)
            found.append((", ".join(row[:-1]), ids, share))
    if len(quotas) == 1:
        absent = [value for value, share in weights[0].items() if share > 0 and (value,) not in seen]
        found += [(value, pl.Series("sample_id", [], dtype=pl.String), weights[0][value]) for value in absent]
    stated = sum(share for _, _, share in found)
    if not found:
        raise VtgError("--quotas: no row of the pool has a value that gets a share.")
    sizes = draws.shared([share for _, _, share in found], round(size * min(1.0, stated + 1e-9)))
    return [(name, ids, count) for (name, ids, _), count in zip(found, sizes, strict=True)]


def labels(facts: Any, quotas: Sequence[Quota]) -> Any:
    """For each sample of a pool its id and, for each quota, its value or range as text."""
    return facts.select("sample_id", *[_labels(facts, quota).alias(f"({i})") for i, quota in enumerate(quotas)])


def _labels(facts: Any, quota: Quota) -> Any:
    """A column as text: its value, or the lower bound of its range."""
    import polars as pl

    if quota.column not in facts.columns or quota.column == "sample_id":
        raise VtgError(
            f"--quotas {quota.column}: the pool has no such column; {did_you_mean(quota.column, facts.columns)}. "
            "Columns of the samples need --samples."
        )
    column = pl.col(quota.column)
    if not quota.edges:
        return column.cast(pl.String).fill_null("(unknown)")
    if not facts[quota.column].dtype.is_numeric():
        raise VtgError(f"--quotas {quota.column}: is no number, so it has no edges.")
    cuts = [float("-inf"), *quota.edges]
    label = pl.lit("(unknown)")
    for low, high in zip(cuts, [*quota.edges, float("inf")], strict=True):
        name = f"below {high:g}" if low == cuts[0] else f"from {low:g}"
        label = pl.when((column >= low) & (column < high)).then(pl.lit(f"{quota.column} {name}")).otherwise(label)
    return label


def _weights(values: Any, quota: Quota) -> dict[str, float]:
    counts: dict[str, int] = dict(values.value_counts(sort=False).iter_rows())
    if not quota.shares:
        total = sum(counts.values())
        return {name: 1 / len(counts) if quota.equal else count / total for name, count in counts.items()}
    others = {name: count for name, count in counts.items() if name not in quota.shares}
    rest = max(0.0, 1 - sum(quota.shares.values()))
    total = sum(others.values())
    return quota.shares | {name: rest * count / total for name, count in others.items() if rest > 1e-9}


def choose(draw: Draw, facts: Any, size: int, limits: Limits) -> Choice:
    """At most `size` ids that a selector draws from a pool, within the limits.

    Args:
        draw: the selector.
        facts: one row per sample of the pool.
        size: rows in all.
        limits: quotas and caps.
    """
    pool = capped(draw, facts, size, limits)
    if not limits.quotas:
        return Choice(draw(pool["sample_id"], size), {})
    chosen: list[str] = []
    short: dict[str, list[int]] = {}
    for name, ids, count in strata(pool, limits.quotas, size):
        got = draw(ids, count) if count and len(ids) else []
        chosen += got
        if len(got) < count:
            short[name] = [count, len(got)]
    return Choice(_in_order(draw, chosen), short)


def _in_order(draw: Draw, ids: list[str]) -> list[str]:
    """The chosen ids in the order in which the selector would draw them from these alone."""
    import polars as pl

    order = draw(pl.Series("sample_id", sorted(ids), dtype=pl.String), len(ids)) if ids else []
    there = set(order)
    return [*order, *(name for name in ids if name not in there)]


def capped(draw: Draw, facts: Any, size: int, limits: Limits) -> Any:
    """The pool without the rows that a cap forbids: of each video, the selector's first ones stay."""
    if not (limits.per_video or limits.per_source):
        return facts
    caps = {"video_id": limits.per_video, "source": limits.per_source}
    for column, most in caps.items():
        if most is not None and column not in facts.columns:
            raise VtgError(f"--per-{column.partition('_')[0]} needs --samples, which say what a row's video is.")
    asked = facts.height
    while True:
        over = _over(draw(facts["sample_id"], asked), facts, caps)
        facts = facts.join(over, on="sample_id", how="anti", maintain_order="left")
        if asked == size and over.is_empty():
            return facts
        # What is drawn at full size need not be drawn at the asked one, so that is looked at as well.
        asked = size


def _over(ids: Sequence[str], facts: Any, caps: Mapping[str, int | None]) -> Any:
    """The drawn rows beyond a cap."""
    import polars as pl

    keys = ["corpus", "video_id"]
    rows = pl.DataFrame({"sample_id": pl.Series(list(ids), dtype=pl.String)})
    rows = rows.join(facts.select("sample_id", "source", *keys), on="sample_id", how="left", maintain_order="left")
    kept = pl.lit(True)
    for column, most in caps.items():
        if most is not None:
            by = keys if column == "video_id" else ["source"]
            kept = kept & (pl.int_range(pl.len()).over(by) < most)
    return rows.filter(~kept).select("sample_id")
