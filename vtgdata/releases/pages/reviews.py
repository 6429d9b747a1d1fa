"""The queue of labels under review, as a page shows it."""

import contextlib
from pathlib import Path
from typing import Any

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint
from vtgdata.files.label_reviews import read_queue
from vtgdata.releases.pages.payload import flat, short
from vtgdata.releases.pages.rows import Rows
from vtgdata.releases.pages.tables import Found
from vtgdata.video import workers
from vtgdata.video.find import find
from vtgdata.video.store import DECODER

_LETTERS = 2_000


def queue(found: Found, rows: Rows, videos: str) -> dict[str, Any] | None:
    """The last queue under the path; None without one.

    Args:
        found: the files.
        rows: the samples.
        videos: folder of the videos, for their frame rates; empty if there is none.
    """
    if not found.of("queue"):
        return None
    queued = read_queue(str(found.of("queue")[-1]))
    places = {name: row for row, name in enumerate(rows.samples["sample_id"].to_list())}
    rates = _rates([row["video_file"] for row in queued.values()], videos) if videos else {}
    items = [
        {
            "row": places[name], "id": name, "label": row["label"], "query": short(row["query"] or "", _LETTERS),
            "duration": row["duration"], "annotation": flat(row["windows"]), "proposed": flat(row["proposed"]),
            "fps": rates.get(row["video_file"]),
        }
        for name, row in sorted(queued.items(), key=lambda each: each[1]["place"])
    ]  # fmt: skip
    key = fingerprint.short([[item["id"], item["label"]] for item in items])
    return {"key": key, "items": items, "decided": [], "who": ""}


def _rates(files: list[str], videos: str) -> dict[str, float]:
    """The frame rate of each video that can be read."""
    index, found = find(Path(videos)), dict[str, float]()
    for file in dict.fromkeys(files):
        with contextlib.suppress(VtgError):  # the strip of frames says what is wrong
            path = index.path(file)
            rate = workers.shared().probe(DECODER, path).fps if path is not None else None
            if rate:
                found[file] = round(rate, 4)
    return found
