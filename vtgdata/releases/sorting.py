"""The rows of a config in the order of a release: by the version that first had each row, then corpus, video, sample.

So versions share bytes. Rows are sorted in pieces that fit into memory.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vtgdata.files.pieces import PLACE, ROW, in_order, to_frame, to_table
from vtgdata.files.schemas import ABSENT, SAMPLES
from vtgdata.releases.dating import Dated
from vtgdata.releases.rows import Config, keys_of
from vtgdata.releases.sample_index import SampleIndex, SampleStore


def sorted_rows(
    config: Config, dated: Dated, samples: SampleIndex, scratch: Path, store: SampleStore | None
) -> Iterator[Any]:
    """Yield the rows, with all columns of the config, as Polars frames.

    Args:
        config: the rows.
        dated: when each came.
        samples: all samples.
        scratch: a folder for files that do not stay.
        store: the samples' own columns, for a config whose rows have these too.
    """
    import polars as pl

    most = int(config.ranks.max(initial=0)) + 1
    places = dated.came.astype(np.int64) * most + config.ranks
    tables = (to_table(frame, config.own) for frame in config.frames(list(config.own)))
    keys = [pl.col(name).fill_null("") for name in keys_of(config.name)]
    versions = np.array(dated.versions)
    for table in in_order(tables, places, scratch):
        frame = to_frame(table).sort(pl.col(PLACE), *keys, pl.col(ROW))
        came, ranks = np.divmod(frame[PLACE].to_numpy(), most)
        if config.joined:
            assert store is not None
            own = [name for name in config.own if name not in SAMPLES | ABSENT]
            frame = store.rows(ranks).hstack(frame.select(own))
        yield frame.with_columns(pl.Series("first_version", versions[came], dtype=pl.String)).select(
            list(config.columns)
        )
