"""Inputs for the fuzzer of readers: valid files of a corpus, and what goes wrong with them. Seeded, so replayable."""

import copy
import gzip
import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from contracts.test_corpora import mutated
from fuzz.forms import FORMS
from vtgdata.annotations import sources
from vtgdata.errors import VtgError
from vtgdata.files import plugins

Files = dict[str, bytes]

LENGTHS = "durations.json"
SLICE, RECORDS = 2_000, 12
"""Bytes and records of a published file that are taken at most: little enough for thousands of runs."""

HOSTILE = (
    "../../etc/passwd", "/etc/passwd", "..", ".", "", " ", "a/../../b", "..\\..\\b", "C:\\x", "C:/x", "\\\\server\\x",
    "%2e%2e", "%2e%2e%2fx", "\0", "x\0y", "x" * 4_000, "~/x", "-rf", "x\ny", "\u2025\u2215\uff0fx", "\uff0e\uff0e/x",
    "\u202egpj", "\ud800", "file:///etc/passwd", "$(touch x)", "aB3_dE-6hI\u0458", "con", "x.mp4/", "x/.mp4", "....",
    "../aB3_dE-6hIj", "aB3_dE-6hIj/..", "/aB3_dE-6hIj.mp4", "\u00e9" * 140,
)  # fmt: skip
"""Names of videos that would lead somewhere else, or nowhere."""

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3.5, 1e9, 1e308, float("inf"), float("nan"), -float("inf"), 10**400, "", " ", "NaN",
    "01:23", "1:02:03.5", "99:99", "3-5", "3 - ", "[1, 2]", "[[1, 2]", "1e400", "1_000", "\ud800", "\ud83d\ude00", "\0",
    "a" * 5_000, "9" * 400, "\u0663", [], {}, [[]], [1], [1, 2], [1, 2, 3], [5, 3], [3, 3], [-5, 1e9], [0, 1e-300],
    ["1", "2"], [None, None], [[1, 2], [3]], [[1, 2], [1, 2]], {"": ""}, {"start": 1}, "<s0>", "<time>", "'", "##",
)  # fmt: skip


class Base(NamedTuple):
    """Valid files, and the names of videos in them."""

    files: Files
    videos: tuple[str, ...]


class Input(NamedTuple):
    """Files to read, and how they came about."""

    kind: str
    files: Files
    split: str | None
    """What to ask for with `--split`."""


def bases(module: ModuleType, folder: Path) -> list[Base]:
    """A corpus's example, its other forms, and slices of its published files where there are any.

    Args:
        module: the corpus's.
        folder: where they may be written to be tried out.
    """
    example = {name: text.encode() for name, text in module.EXAMPLE.files.items()}
    tried = [example, *FORMS.get(module.CORPUS.name, lambda files: [])(example), *_published(module)]
    found = [base for base in (_tried(module, files, folder) for files in tried) if base is not None]
    if LENGTHS in sources.names(module.CORPUS):
        lengths = json.dumps(dict.fromkeys(found[0].videos, 30.5)).encode()
        found.append(Base({LENGTHS: lengths} | found[0].files, found[0].videos))
    return found


def _tried(module: ModuleType, files: Files, folder: Path) -> Base | None:
    """The files as a base, None when they cannot be read as they are."""
    paths = write(files, folder)
    try:
        rows = list(module.read(paths, module.EXAMPLE.split))
    except VtgError:
        return None
    names = {
        name for row in rows for name in (row.video_id, row.file, row.file.rpartition(".")[0], row.source_id or "")
    }
    return Base(files, tuple(sorted(name for name in names if len(name) > 3)))


def write(files: Files, folder: Path) -> list[Path]:
    """Write the files into a folder of their own, and nothing else there."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.name not in files:
            old.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in files]


def _published(module: ModuleType) -> Iterator[Files]:
    """Slices of published files: of each folder that holds some, the start and two other places."""
    root = Path(os.environ.get("VTGDATA_TEST_DATA") or "none", "corpora")
    chance = random.Random(7)
    for folder in sorted(path for path in [root, *root.rglob("*")] if path.is_dir()):
        found = [source.path for source in sources.named_files(folder, module.CORPUS)]
        for place in (0.0, chance.random(), chance.random()) if found else ():
            # Files that belong together must meet in some records.
            yield {path.name: sliced(path.read_bytes(), place, 5 if len(found) > 1 else 1) for path in found}


def sliced(data: bytes, place: float, times: int = 1) -> bytes:
    """Some records of a JSON document or a text of lines, or times as many, from a place between 0 and 1."""
    try:
        document = json.loads(data)
    except ValueError:
        lines = data.splitlines(keepends=True)
        start = max(1, int(place * len(lines)))
        head = lines[:1] if lines[:1] and not lines[0].startswith(b"{") else []
        return b"".join([*head, *_few(lines[start:], len, times)])
    return json.dumps(_part(document, place, times)).encode()


def _part(document: Any, place: float, times: int) -> Any:
    if isinstance(document, dict):
        if len(document) < 4 and any(isinstance(value, dict) for value in document.values()):
            return {key: _part(value, place, times) for key, value in document.items()}
        pairs = list(document.items())
        return dict(_few(pairs[int(place * len(pairs)) :], lambda pair: len(json.dumps(pair)), times))
    start = int(place * len(document)) if isinstance(document, list) else 0
    if not isinstance(document, list):
        return document
    return _few(document[start:], lambda item: len(json.dumps(item)), times)


def _few(found: list[Any], size: Callable[[Any], int], times: int) -> list[Any]:
    """The first of them, as many as a slice may have: one, at least."""
    taken, left = found[:1], times * SLICE
    for each in found[1 : times * RECORDS]:
        left -= size(each)
        if left < 0:
            break
        taken.append(each)
    return taken


def make(base: Base, module: ModuleType, chance: random.Random) -> Input:
    """An input out of a base of a corpus: most often a mutated file of it, and some split now and then."""
    kind = chance.choices(list(KINDS), [weight for weight, _ in KINDS.values()])[0]
    files = dict(base.files)
    victim = chance.choice(list(files))
    KINDS[kind][1](files, victim, base, chance)
    split = chance.choice(module.CORPUS.splits).name if chance.random() < 0.1 else module.EXAMPLE.split
    return Input(f"{kind} in {victim}", files, split)


def _bytes(files: Files, victim: str, base: Base, chance: random.Random) -> None:
    files[victim] = mutated(files[victim], chance)


def _structure(files: Files, victim: str, base: Base, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 3)):
        files[victim] = restructured(files[victim], chance)


def _both(files: Files, victim: str, base: Base, chance: random.Random) -> None:
    _structure(files, victim, base, chance)
    _bytes(files, victim, base, chance)


def _names(files: Files, victim: str, base: Base, chance: random.Random) -> None:
    """Put a hostile name in the place of a video's, wherever that stands."""
    if base.videos:
        files.update(renamed(files, chance.choice(base.videos), chance.choice(HOSTILE)))


def renamed(files: Files, old: str, new: str) -> Files:
    """The files with another name of a video, as their syntax writes it."""
    as_json, as_text = json.dumps(new)[1:-1].encode(), new.encode(errors="surrogatepass")
    return {
        name: data.replace(old.encode(), as_json if b"{" in data[:200] else as_text) for name, data in files.items()
    }


def _packed(files: Files, victim: str, base: Base, chance: random.Random) -> None:
    """The same file in another wrapping: all of these are read, or refused for what they are."""
    data = files[victim]
    wrapped = {
        "gzip": lambda: gzip.compress(data, mtime=0),
        "mark": lambda: b"\xef\xbb\xbf" + data,
        "crlf": lambda: data.replace(b"\n", b"\r\n"),
        "cr": lambda: data.replace(b"\n", b"\r"),
        "utf16": lambda: data.decode(errors="replace").encode("utf-16"),
        "twice": lambda: data + data,
        "latin": lambda: data.decode(errors="replace").encode("latin-1", errors="replace"),
        "cut": lambda: gzip.compress(data, mtime=0)[: chance.randrange(40, 60 + len(data))],
    }
    files[victim] = wrapped[chance.choice(list(wrapped))]()


def _company(files: Files, victim: str, base: Base, chance: random.Random) -> None:
    """Files that are missing, swapped, doubled under a packed name, or another corpus's."""
    other = chance.choice(list(files))
    kind = chance.randrange(4)
    if kind == 0 and len(files) > 1:
        del files[victim]
    elif kind == 1:
        files[victim], files[other] = files[other], files[victim]
    elif kind == 2:
        files[f"{victim}.gz"] = gzip.compress(files[victim], mtime=0)
    else:
        examples = plugins.load("corpora", chance.choice(plugins.names("corpora"))).EXAMPLE.files
        files[victim] = chance.choice(list(examples.values())).encode()


Change = Callable[[Files, str, Base, random.Random], None]
KINDS: dict[str, tuple[int, Change]] = {
    "bytes": (25, _bytes),
    "structure": (40, _structure),
    "both": (10, _both),
    "names": (15, _names),
    "packing": (5, _packed),
    "company": (5, _company),
}
"""What is done to a base, with its share of all inputs in per cent."""


def restructured(data: bytes, chance: random.Random) -> bytes:
    """The data with one value of its JSON, or one cell or line of its text, changed: most of it stays readable."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return _relined(data, chance)
    return json.dumps(changed(document, chance), ensure_ascii=chance.random() < 0.9).encode(errors="surrogatepass")


def _relined(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    at, kind = chance.randrange(len(lines)), chance.randrange(8)
    if kind == 0:
        lines.insert(at, chance.choice(lines))
    elif kind == 1:
        chance.shuffle(lines)
    elif lines[at].lstrip().startswith((b"{", b"[")):
        with suppress(ValueError, RecursionError):
            lines[at] = json.dumps(changed(json.loads(lines[at]), chance)).encode()
    else:
        sign = chance.choice([sign for sign in (b",", b"\t", b"##", b" ") if sign in lines[at]] or [b","])
        cells = lines[at].split(sign)
        value = chance.choice((*VALUES, *HOSTILE))
        cells[chance.randrange(len(cells))] = (value if isinstance(value, str) else json.dumps(value)).encode(
            errors="surrogatepass"
        )
        lines[at] = sign.join(cells)
    return b"\n".join(lines)


def changed(value: Any, chance: random.Random) -> Any:
    """A JSON value with something in it changed, somewhere on a random way down."""
    value = copy.copy(value)
    if not isinstance(value, dict | list) or not value or chance.random() < 0.08:
        return _other(value, chance)
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key, kind = chance.choice(keys), chance.randrange(14)
    if kind == 0:
        del value[key]
    elif kind == 1 and isinstance(value, list):
        value.insert(chance.randrange(len(value) + 1), value[key])
    elif kind == 2 and isinstance(value, dict):
        value[chance.choice((*HOSTILE, str(key).upper(), f"{key} "))] = value.pop(key)
    elif kind == 3:
        other = chance.choice(keys)
        value[key], value[other] = value[other], value[key]
    else:
        value[key] = changed(value[key], chance)
    return value


def _other(value: Any, chance: random.Random) -> Any:
    """A value in the place of another: of a number often another number."""
    kind = chance.randrange(12)
    if isinstance(value, int | float) and abs(value) < 1e300 and kind < 5:
        return chance.choice((-value, value * 60, value + 1000, value * 0.1, str(value), f"{value} s", [value]))
    if isinstance(value, str) and kind < 5:
        return chance.choice((value * 2, value[::-1], f" {value}\n", value[:3], f"{value} .", [value], value.upper()))
    if kind == 5:
        for _ in range(chance.choice((2, 60, 300))):
            value = [value]
        return value
    return chance.choice(VALUES) if kind < 10 else chance.choice(HOSTILE)
