"""What comes before a model is asked: its meter is set by what was spent, and answers of shards are taken over."""

import logging
from pathlib import Path

from vtgdata.engine.journal.counts import journals, peek, spend
from vtgdata.engine.journal.journal import Journal
from vtgdata.engine.models import price_of
from vtgdata.engine.money.budget import Metered
from vtgdata.engine.settings import AskSettings
from vtgdata.files.claims import JOURNAL
from vtgdata.records import Model

log = logging.getLogger("vtgdata")


def metered(spec: str, model: Model, settings: AskSettings, journal: Journal) -> Metered:
    """The model with its price, its budget, and the spend that the journals of this folder have recorded."""
    price = price_of(spec, settings, model)
    if price is None or price.free:
        return Metered(model, price)
    spent = spend(journal.select, price)
    # The answers of the shards were copied into this journal already; add the cost of their failed attempts.
    for path in journals(Path(settings.out), JOURNAL)[1:]:
        with peek(path) as select:
            spent = spent.plus(spend(select, price, only_failed=True))
    if spent.uncounted:
        log.warning("%s: %d answers whose tokens no server told are not in the spend", journal.path, spent.uncounted)
    return Metered(model, price, budget=settings.budget, spent=spent.picodollars)


def take_shards(journal: Journal, folder: Path) -> None:
    """Copy the answers from the journals of the shards in the folder."""
    for path in sorted(folder.glob(f"shard-*-of-*/{JOURNAL}")):
        with Journal(path) as shard:
            journal.take(shard)
