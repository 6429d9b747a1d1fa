"""The contract of a corpus: what every file in vtgdata/plugins/corpora must do, with nothing written for it."""

import gzip
import random
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from hypothesis import settings

from support.time_budget import shared
from vtgdata.annotations import ids, licences
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.samples import read_samples, sample_row, write_samples
from vtgdata.records import Corpus, Drop, RawRow, Sample

NAMES = plugins.names("corpora")
MUTATIONS = shared(min(300, 2 * settings().max_examples), 31, len(NAMES))
FAMILIES = {"moment_jsonl", "captions_json", "conversations", "samples"}
"""Readers of any corpus in a form, whoever publishes it."""

# What turns up in real files, and what a slip of an editor makes of them.
PIECES = (
    b"", b"\n", b"\r\n", b'"', b"[", b"]", b"{", b"}", b",", b":", b"##", b"-", b" ", b"\x00", b"\xff", b"\xef\xbb\xbf",
    b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"-1", b"0", b"9" * 400, b"\\ud800", b'"\\ud83d"',
    "é\u2028".encode(), b"../", b"[" * 2000, b'"x":1,', b"<html>",
)  # fmt: skip


IMPOSTORS = {
    "empty": b"",
    "blanks": b" \r\n\n",
    "page": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    "no text": b"\xff\xfe\x00\xd8",
    "torn gzip": b"\x1f\x8b\x08",
    "archive": b"PK\x03\x04rest",
}


def write_example(module: ModuleType, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in module.EXAMPLE.files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return [folder / name for name in module.EXAMPLE.files]


def outcomes(module: ModuleType, paths: Sequence[Path]) -> tuple[list[RawRow], list[Sample | Drop]]:
    rows = list(module.read(paths, module.EXAMPLE.split))
    return rows, list(normalise(rows, module.CORPUS))


def mutated(data: bytes, chance: random.Random) -> bytes:
    """The data with one to three slips: a piece put in, bytes taken out, changed or doubled, the end cut off."""
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice((0, 1, 1, 2, 5, 40)))
        kind = chance.randrange(5)
        if kind == 0:
            data = data[:start] + chance.choice(PIECES) + data[end:]
        elif kind == 1:
            data = data[:start] + data[end:]
        elif kind == 2:
            data = data[:start] + bytes(chance.randrange(256) for _ in range(end - start)) + data[end:]
        elif kind == 3:
            data = data[:end] + data[start:]
        else:
            data = data[: max(1, len(data) - chance.randrange(60))] if chance.random() < 0.5 else data[:start]
    return data


@pytest.mark.parametrize("name", NAMES)
def test_a_corpus_reads_its_own_example(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    _, found = outcomes(module, write_example(module, tmp_path))
    samples = [
        (each.video.video_id, each.query, [[w.start, w.end] for w in each.windows])
        for each in found
        if isinstance(each, Sample)
    ]
    assert samples == [(video, query, windows) for video, query, windows in module.EXAMPLE.samples]
    assert [each.reason for each in found if isinstance(each, Drop)] == list(module.EXAMPLE.drops)


@pytest.mark.parametrize("name", NAMES)
def test_every_row_becomes_one_sample_or_one_drop(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    rows, found = outcomes(module, write_example(module, tmp_path))
    assert len(rows) == len(found) > 0
    assert [row.origin for row in rows] == [each.origin for each in found]


@pytest.mark.parametrize("name", NAMES)
def test_ids_and_origins_are_unique(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    rows, found = outcomes(module, write_example(module, tmp_path))
    ids = [each.sample_id for each in found if isinstance(each, Sample)]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith(f"{name}:") for each in ids)
    assert len({row.origin for row in rows}) == len(rows)


@pytest.mark.parametrize("name", NAMES)
def test_the_folder_gives_the_same_rows_as_its_files(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    paths = write_example(module, tmp_path)
    assert outcomes(module, [tmp_path]) == outcomes(module, paths)


@pytest.mark.parametrize("name", NAMES)
def test_line_ends_and_a_byte_order_mark_change_no_sample(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    paths = write_example(module, tmp_path)
    _, wanted = outcomes(module, paths)
    for path in paths:
        text = path.read_text(encoding="utf-8").replace("\r\n", "\n").removesuffix("\n").replace("\n", "\r\n")
        path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    _, found = outcomes(module, paths)
    assert [each for each in found if isinstance(each, Sample)] == [e for e in wanted if isinstance(e, Sample)]


@pytest.mark.parametrize("name", NAMES)
def test_files_packed_with_gzip_give_the_same_samples(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    paths = write_example(module, tmp_path)
    _, wanted = outcomes(module, [tmp_path])
    for path in paths:
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    _, found = outcomes(module, [tmp_path])
    assert _essence(found) == _essence(wanted)


def _essence(found: Sequence[Sample | Drop]) -> list[tuple[str, ...]]:
    """What does not name the file."""
    return [
        (each.sample_id, each.query, str(each.windows), each.split) if isinstance(each, Sample) else (each.reason,)
        for each in found
    ]


@pytest.mark.parametrize("name", NAMES)
def test_json_that_breaks_off_is_refused_with_its_place_or_its_rows_are_drops(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    path = max(write_example(module, tmp_path), key=lambda each: each.stat().st_size)
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: len(text) * 2 // 3].rstrip(), encoding="utf-8")
    try:
        rows, found = outcomes(module, [tmp_path])
    except VtgError as error:
        assert path.name in str(error)
    else:
        assert len(rows) == len(found)


@pytest.mark.parametrize("name", NAMES)
def test_samples_survive_their_file(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    _, found = outcomes(module, write_example(module, tmp_path))
    samples = [each for each in found if isinstance(each, Sample)]
    write_samples(tmp_path / "samples.parquet", samples)
    assert read_samples(tmp_path / "samples.parquet") == samples


@pytest.mark.parametrize("name", NAMES)
def test_its_facts_are_filled_in(name: str) -> None:
    corpus: Corpus = plugins.load("corpora", name).CORPUS
    assert corpus.name == name
    assert all((corpus.title, corpus.summary, corpus.license, corpus.license_link, corpus.citation, corpus.usage))
    assert corpus.splits and all(split.files for split in corpus.splits)
    assert len({split.name for split in corpus.splits}) == len(corpus.splits)
    assert corpus.license_link.startswith("https://")
    assert corpus.homepage or corpus.download or corpus.family
    # C is what nobody read: then nothing may be claimed of it.
    assert licences.find(corpus.license).known == (corpus.license_confidence != "C")
    assert licences.checked(corpus.license) == corpus.license


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("content", IMPOSTORS.values(), ids=IMPOSTORS)
def test_a_file_that_is_none_is_refused_with_its_name(name: str, content: bytes, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    paths = write_example(module, tmp_path)
    for path in paths:
        path.write_bytes(content)
    with pytest.raises(VtgError, match=str(tmp_path)):
        outcomes(module, paths)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_path_and_an_empty_folder_are_refused(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    with pytest.raises(VtgError, match="no such file"):
        outcomes(module, [tmp_path / "absent"])
    with pytest.raises(VtgError, match="Looked for"):
        outcomes(module, [tmp_path])


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_split_is_refused_with_the_known_ones(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    paths = write_example(module, tmp_path)
    with pytest.raises(VtgError, match=module.CORPUS.splits[0].name):
        list(module.read(paths, "no_such_split"))


@pytest.mark.parametrize("name", NAMES)
def test_its_own_file_is_read_under_any_name(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    first = write_example(module, tmp_path)[0].rename(tmp_path / "annotations.of_ours")
    assert list(module.read([first], module.CORPUS.splits[0].name))


@pytest.mark.parametrize("name", NAMES)
def test_every_other_corpus_s_file_is_refused(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    misread = {
        other: problem for other in NAMES if other != name and (problem := misreading(module, other, tmp_path / other))
    }
    assert not misread, f"{name} and the examples of others: {misread}"


def misreading(module: ModuleType, other: str, folder: Path) -> str | None:
    """What is wrong in how a corpus takes the file of another one; None where nothing is."""
    theirs = plugins.load("corpora", other)
    first = write_example(theirs, folder)[0].rename(folder / "annotations.of_theirs")
    akin = module.CORPUS.name in FAMILIES or (module.CORPUS.family and theirs.CORPUS.family == module.CORPUS.family)
    try:
        rows = list(module.read([first], module.CORPUS.splits[0].name))
    except VtgError as error:
        return None if "annotations.of_theirs" in str(error) else f"refused without naming the file: {error}"
    except Exception as error:
        return f"ended in {error!r}"
    # Keys of its family may be read as its own: then every record is a row, or all of them are refused.
    return None if akin and rows else f"read as {len(rows)} rows"


@pytest.mark.parametrize("name", NAMES)
def test_no_slip_in_a_file_ends_a_run_otherwise_than_by_a_clear_error(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    paths = write_example(module, tmp_path)
    originals = {path: path.read_bytes() for path in paths}
    chance = random.Random(7)
    read_through = tried = 0
    # However few the tries, one of them is read through: else nothing was tried but refusals.
    while tried < MUTATIONS or (not read_through and tried < 500):
        tried += 1
        victim = chance.choice(paths)
        victim.write_bytes(mutated(originals[victim], chance))
        try:
            rows, found = outcomes(module, paths)
        except VtgError as error:
            assert str(error).strip()
        else:
            read_through += 1
            samples = [each for each in found if isinstance(each, Sample)]
            assert len(rows) == len(found)
            assert len({each.sample_id for each in samples}) == len(samples)
            for each in found:
                msgspec.json.encode(sample_row(each) if isinstance(each, Sample) else each)
        victim.write_bytes(originals[victim])
    assert read_through > 0


@pytest.mark.parametrize("name", NAMES)
def test_eleven_characters_are_a_youtube_id_only_where_the_corpus_says_so(name: str, tmp_path: Path) -> None:
    module = plugins.load("corpora", name)
    paths = write_example(module, tmp_path)
    given = [row for row in module.read(paths, module.EXAMPLE.split) if row.video_id and row.problem is None]
    if module.CORPUS.family == "samples":  # each row says what its source is
        return
    if module.CORPUS.youtube:
        assert any(ids.youtube_id(row.source_id or "") for row in given)
        return
    videos = sorted({ids.stem(row.file) for row in given if len(ids.stem(row.file)) > 3}, key=len, reverse=True)
    for path in paths:
        text = path.read_text(encoding="utf-8")
        for number, video in enumerate(videos):
            text = text.replace(video, f"camera_{number:04d}")
        path.write_text(text, encoding="utf-8")
    with suppress(VtgError):  # a corpus may know that its ids have another form
        for row in module.read(paths, module.EXAMPLE.split):
            assert row.source_id is None or not row.video_id.startswith(row.source_id)
