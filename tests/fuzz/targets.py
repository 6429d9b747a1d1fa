"""What the coverage-guided fuzzer calls: one function for each shared reader, with what must hold for any bytes."""

import json
import math
import pickle
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.annotations import (
    captions_json,
    ids,
    instructions,
    items,
    keys,
    lengths,
    moment_jsonl,
    pickles,
    text,
    video_keys,
)
from vtgdata.annotations.file_text import head, read_text
from vtgdata.annotations.json_text import parse_json, read_json
from vtgdata.annotations.normalise import normalise
from vtgdata.annotations.sources import Source
from vtgdata.annotations.text import bounds, dumped, duration, lines, pair, windows
from vtgdata.conversation import reasoning_times
from vtgdata.conversation.answer import Form, parse
from vtgdata.conversation.answer_form import Notation
from vtgdata.errors import VtgError
from vtgdata.files.samples import row_sample, sample_row
from vtgdata.files.whole import write_jsonl
from vtgdata.plugins.corpora import samples
from vtgdata.records import Corpus, Drop, RawRow, Sample, Split
from vtgdata.records.times import TIME, parse_time

Target = Callable[[bytes], None]

_TEMPLATES = (Form().template, "{start}-{end}", "<answer>[({start}, {end}), ...]</answer>", "{option} {start} to {end}")
_NOTATIONS: tuple[Notation, ...] = ("seconds", "percent", "fraction", "thousandths")
_FOLDER = tempfile.TemporaryDirectory()
_PATH = Path(_FOLDER.name, "input")
_CORPUS = Corpus(
    name="fuzzed",
    title="",
    summary="",
    splits=(Split(name="train", files=()), Split(name="test", files=(), benchmark=True)),
    license="MIT",
    license_link="",
    license_confidence="A",
    homepage="",
    citation="",
    grid=None,
)


def _file(data: bytes) -> Path:
    _PATH.write_bytes(data)
    return _PATH


def _words(data: bytes) -> str:
    """Text of any bytes; halves of characters may be in it, as broken escapes leave them."""
    try:
        return data.decode("utf-8", errors="surrogatepass")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _outcomes(rows: Iterable[RawRow], corpus: Corpus = _CORPUS) -> list[Sample | Drop]:
    """What rows become: one sample or drop each, with ids of their own, all of which can be written."""
    given = list(rows)
    found = list(normalise(given, corpus))
    kept = [each for each in found if isinstance(each, Sample)]
    assert len(found) == len(given)
    assert len({each.sample_id for each in kept}) == len(kept)
    for each in found:
        msgspec.json.encode(sample_row(each) if isinstance(each, Sample) else each)
    for each in kept:
        row = sample_row(each)
        assert sample_row(row_sample(row)) == row
        assert not set("/\\\0") & set(each.video.file), each.video.file
        assert ".." not in each.video.video_id.replace("\\", "/").split("/"), each.video.video_id
    return found


def of_text(data: bytes) -> None:
    """The functions that read files, and those that read values out of JSON."""
    path = _file(data[1:])
    with suppress(VtgError):
        whole = read_text(path)
        numbered = list(lines(path))
        assert [number for number, _ in numbered] == sorted({number for number, _ in numbered})
        assert head(path, 4096)
        if b"\0" not in data and b"\xff" not in data[:3]:
            assert sum(len(line) for _, line in numbered) <= len(whole)
    with suppress(VtgError):
        value = read_json(path)
        for read in (text.number, pair, text.bound, bounds, windows, duration):
            with suppress(ValueError):
                read(value)
        assert len(text.shown(value)) <= 42
        dumped(value)


def of_items(data: bytes) -> None:
    """Records of any list file, each with a place of its own."""
    with suppress(VtgError):
        found = list(items.read(_file(data)))
        assert [item.position for item in found] == list(range(len(found)))
        assert len({item.origin for item in found}) == len(found)


def of_captions_json(data: bytes) -> None:
    """The captions family, and what its rows become."""
    with suppress(VtgError):
        _outcomes(captions_json.rows(Source(_file(data), "train")))


def of_moment_jsonl(data: bytes) -> None:
    """The moments family in seconds, in frames and on the source's clock."""
    path = _file(data[1:])
    kinds = ({}, {"unit": "frames", "fps": 25.0}, {"source_clock": True}, {"unit": "fraction"}, {"unit": "chunks"})
    with suppress(VtgError):
        facts = moment_jsonl.Facts(**kinds[data[0] % len(kinds) if data else 0])
        _outcomes(moment_jsonl.rows(Source(path, "test"), facts))


def of_lengths(data: bytes) -> None:
    """Lengths of videos, out of a table and out of JSON."""
    for name in ("durations.json", "lengths.csv"):
        path = Path(_FOLDER.name, name)
        path.write_bytes(data)
        with suppress(VtgError):
            assert all(isinstance(key, str) and isinstance(seconds, float) for key, seconds in lengths.read(path))


def of_samples(data: bytes) -> None:
    """Our own JSON lines: what is read once comes back the second time."""
    with suppress(VtgError):
        kept = [
            each for each in _outcomes(samples.read([_file(data)], None), samples.CORPUS) if isinstance(each, Sample)
        ]
        if kept:
            write_jsonl(_PATH, map(sample_row, kept))
            assert list(_outcomes(samples.read([_PATH], None), samples.CORPUS)) == kept


def of_keys(data: bytes) -> None:
    """Which key of a record holds which field."""
    try:
        record, mapping = parse_json(_words(data)), {}
    except ValueError:
        return
    if isinstance(record, dict):
        mapping = {str(key): str(value) for key, value in list(record.items())[:3]}
    for known in (keys.ALIASES, keys.LISTS):
        for told in (None, mapping):
            with suppress(VtgError, ValueError):
                found = keys.Keys(told, known)
                for _ in range(2 if isinstance(record, dict) else 0):
                    assert all(key in record for key in found.of(record).values())


def of_ids(data: bytes) -> None:
    """What a video's name says."""
    name = _words(data)
    assert not set("/\\") & set(ids.base(name) + ids.stem(name))
    found = ids.named(name)
    assert not set("/\\") & set(found.video_id + found.file)
    assert found.source_start is None or (found.source_id is not None and found.source_start >= 0)
    assert video_keys.of_name(name) == video_keys.of_name(name)
    quoted = instructions.quoted(name)
    assert quoted is None or quoted in name


class _Plain(pickle._Unpickler):
    """Python's own loader, in Python, allowed nothing but plain data."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError(str(pid))


def of_pickles(data: bytes) -> None:
    """A pickle that is read gives what Python's own loader gives, as JSON would have it."""
    try:
        value = pickles.run(data)
    except ValueError:
        return
    shown = json.dumps(value)
    try:
        theirs = _Plain(BytesIO(data), encoding="utf-8").load()
    except Exception:  # it minds what does not matter here: the lengths of frames, say
        return
    # Python's two loaders differ on `I 1`, an integer after a blank, which only a damaged file has: one calls it true.
    assert json.dumps(theirs) == shown or json.loads(json.dumps(theirs)) == value


def of_parse_time(data: bytes) -> None:
    """A time is a number of seconds, or refused."""
    words = _words(data)
    try:
        seconds = parse_time(words)
    except ValueError:
        return
    assert seconds >= 0 and not math.isnan(seconds)
    assert TIME


def of_answer(data: bytes) -> None:
    """What a model said, of any form: an answer with sound windows, the same every time; so is what it reasoned."""
    kind, words = data[0] if data else 0, _words(data[1:])
    notation = _NOTATIONS[kind >> 6 & 3]
    form = Form(template=_TEMPLATES[kind % 4], several=bool(kind & 16), answers_in=notation)
    told: dict[str, Any] = {"duration": None if kind & 8 else 60.0, "form": None if kind & 4 else form}
    answer = parse(words, finish_reason="length" if kind & 32 else "stop", **told)
    msgspec.json.encode(answer.parse_status)
    assert answer == parse(words, finish_reason="length" if kind & 32 else "stop", **told)
    assert all(0 <= window.start < window.end < math.inf for window in answer.windows)
    assert bool(answer.windows) == (answer.parse_status in ("ok", "several_where_one"))
    assert not (answer.says_none and answer.windows)
    thought = reasoning_times.plain(words)
    assert all(claim.start <= claim.end for claim in reasoning_times.claims_in(thought))


class _Bytes:
    """Values of all kinds out of bytes, so that a fuzzer can steer them."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1] if self.at <= len(self.data) else 0

    def one(self, *values: Any) -> Any:
        return values[self.byte() % len(values)]

    def number(self) -> float:
        special = (0.0, -0.0, 1e-300, 1e300, math.inf, -math.inf, math.nan, 5e-324, 1e9)
        kind = self.byte()
        return special[kind] if kind < len(special) else (self.byte() * 256 + self.byte() - 8000) / 100

    def words(self) -> str:
        length = self.byte() % 24
        self.at += length
        return _words(self.data[self.at - length : self.at])

    def bound(self) -> float | str:
        return self.one(self.number, self.number, self.number, self.words)()

    def pairs(self) -> list[tuple[float | str, float | str]]:
        return [(self.bound(), self.bound()) for _ in range(self.byte() % 4)]

    def row(self, index: int) -> RawRow:
        maybe = self.one(None, 1)
        return RawRow(
            origin=f"input:{index}",
            raw=self.words(),
            video_id=self.words(),
            file=self.words(),
            query=self.words(),
            windows=self.pairs(),
            opinions=self.one(self.pairs, list)(),
            split=self.one("train", "test"),
            unit=self.one("seconds", "milliseconds", "frames", "chunks", "clips", "fraction"),
            fps=self.one(None, self.number()),
            source_clock=bool(self.byte() & 1),
            read_in_place=bool(self.byte() & 1),
            published_id=None if maybe is None else self.words(),
            duration=self.one(None, self.number()),
            source_id=self.one(None, self.words()),
            source_start=self.one(None, self.number()),
            labelled=bool(self.byte() & 3),
            extra=self.one({}, {self.words(): self.number()}),
        )


def of_normalise(data: bytes) -> None:
    """Whatever a reader yields becomes sound samples and drops, whatever the file's own length."""
    given = _Bytes(data)
    rows = [given.row(index) for index in range(1 + given.byte() % 3)]
    probed, swap = given.one(None, abs(given.number()) + 0.1), bool(given.byte() & 1)
    if probed is not None and not math.isfinite(probed):
        probed = None
    found = list(normalise(rows, _CORPUS, lambda file: (probed, "ok"), swap_reversed=swap))
    assert len(found) == len(rows)
    for each in found:
        msgspec.json.encode(sample_row(each) if isinstance(each, Sample) else each)
        if isinstance(each, Sample):
            assert list(each.windows) == sorted(each.windows)
            assert each.windows or each.split == "test" or not each.labelled


TARGETS: dict[str, Target] = {
    name.removeprefix("of_"): value for name, value in list(globals().items()) if name.startswith("of_")
}
