"""Prints the preview of a choice of rows: sizes, rates, the forecast, what a blind guess scores, what is leaked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vtgdata.cli.printing import percent, table

if TYPE_CHECKING:
    from vtgdata.engine.selection.preview import Preview


def show(preview: Preview) -> None:
    """Print it."""
    rows = [
        [fact, label, f"{chosen:,}", f"{pool:,}"]
        for fact, sizes in {**preview.sizes, preview.measure: preview.histogram}.items()
        for label, (chosen, pool) in sizes.items()
        if pool
    ]
    table(["", "", "chosen", "pool"], rows)
    if preview.videos:
        print(f"videos: {preview.videos[0]:,} of {preview.videos[1]:,}")
    if preview.without_gradient is not None:
        print(
            f"expected groups of {preview.answers} answers without a gradient: {percent(preview.without_gradient)} % "
            f"(pool {percent(preview.without_gradient_pool)} %)"
        )
    if preview.blind:
        start, end = preview.blind["window"]
        print(
            f"a guess without looking, {start:.2f} to {end:.2f} of every video: mIoU {percent(preview.blind['mIoU'])} %"
        )
    if preview.overlap:
        shared = preview.overlap
        if shared.rows:
            print(f"in benchmarks: {shared.rows:,} rows of {shared.videos:,} videos ({', '.join(shared.benchmarks)})")
        else:
            print("in benchmarks: no row, as far as the given samples show")
    if preview.p_wrong:
        print(
            f"mean probability of a wrong label: {percent(preview.p_wrong[0])} % (pool {percent(preview.p_wrong[1])} %)"
        )
