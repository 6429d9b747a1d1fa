"""The state of one output folder, for `vtgdata status`; it writes nothing, and waits for no other process."""

from pathlib import Path
from typing import Any

from vtgdata.engine.journal.counts import peek, spend
from vtgdata.engine.money.prices import dollars
from vtgdata.engine.progress import read_progress
from vtgdata.errors import VtgError
from vtgdata.files.claims import JOURNAL
from vtgdata.files.meta import outputs_hold, read_meta
from vtgdata.files.owners import holder


def state(path: Path, root: Path) -> dict[str, Any] | None:
    """The state of a folder under `root`; None if none of our commands wrote to it.

    `cost` is in US dollars, for all attempts in the journal, or for the current run alone while one is running;
    "unknown" if no price was known. `seconds_left` is None unless a run is going on.
    """
    known, progress, owner = read_meta(path), read_progress(path / JOURNAL), holder(path / JOURNAL)
    if known is None and progress is None and owner is None:
        return None
    entry: dict[str, Any] = {
        "folder": path.name if path == root else str(path.relative_to(root)),
        "command": known.command if known else "",
        "finished": known.finished if known else "",
        "progress": str(progress) if progress else "",
        "process": str(owner) if owner else None,
        "seconds_left": progress.seconds_left if owner and progress and not progress.ended else None,
    }
    if owner is not None:
        # Until this run's first report, the progress file may be that of the run before.
        mine = progress is not None and progress.owner == owner
        counts = progress.counts if progress is not None and mine else None
        cost = None if counts is None else counts.cost or ("unknown" if counts.uncosted else 0.0)
        return entry | {"state": f"running: {owner}", "cost": cost, "progress": entry["progress"] if mine else ""}
    if known is not None:
        said = "done" if known.complete else "done, some rows failed"
        said = said if outputs_hold(path, known) else "outputs changed since"
    elif progress is not None and not progress.ended:
        said = "killed: the same command goes on"
    else:
        said = "not finished: the same command goes on"
    return entry | {"state": said, "cost": _cost(path / JOURNAL)}


def _cost(journal: Path) -> float | str | None:
    """US dollars spent according to a journal, or "unknown" without prices; None if there is no readable journal."""
    if not journal.exists():
        return None
    try:
        with peek(journal) as select:
            spent = spend(select, None)
    except VtgError:
        return None
    return "unknown" if spent.uncounted and not spent.picodollars else dollars(spent.picodollars)


def words(value: Any) -> str:
    """A value of an entry, as text for a table; a float is in US dollars."""
    return "" if value is None else f"${value:,.2f}" if isinstance(value, float) else str(value)
