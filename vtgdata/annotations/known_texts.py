"""What files say of videos besides the queries: scripts, lists of objects, codes of action classes.

Any file of records with a video's id: `id,subject,...,script,objects,...,actions` (Charades_v1_train.csv), or JSON with
a key such as `video`. Every other text in a record is what its video holds; a code is also the words of its class.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from vtgdata.annotations import ids, items
from vtgdata.annotations.keys import ALIASES
from vtgdata.annotations.text import lines
from vtgdata.errors import VtgError

_IDS = (*ALIASES["video"], "id")
_CODE = re.compile(r"\bc\d{3}\b")


def known_texts(paths: Sequence[Path], classes: str = "") -> dict[str, list[str]]:
    """The texts of each video, by its id.

    Args: paths: the files; classes: path of a file with a code and its words in each line, empty for none.

    Raises VtgError where a file cannot be read, or none of its records names a video.
    """
    words: Mapping[str, str] = _classes(Path(classes)) if classes else {}
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        named = False
        for item in items.read(path):
            try:
                fields = item.fields()
            except ValueError:
                continue  # a broken row tells nothing of a video
            name = next((fields[key] for key in _IDS if isinstance(fields.get(key), str) and fields[key]), "")
            named = named or bool(name)
            if name:
                texts = [text for key, value in fields.items() if key not in _IDS for text in _texts(value)]
                found[ids.named(name).video_id] += texts + [
                    words[c] for t in texts for c in _CODE.findall(t) if c in words
                ]
        if not named:
            raise VtgError(f"{path}: no row has the id of a video, under {', '.join(_IDS[:4])}, id or such.")
    return dict(found)


def _classes(path: Path) -> Mapping[str, str]:
    pairs = (line.split(None, 1) for _, line in lines(path))
    found = {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and _CODE.fullmatch(pair[0])}
    if not found:
        raise VtgError(f"{path}: no line is a code and its words, as in `c092 Opening a window`.")
    return found


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in cast(dict[str, Any], value).values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in cast(list[Any], value):
            yield from _texts(each)
