"""QuerYD: spoken descriptions for blind viewers, aligned with YouTube videos (Oncescu et al., ICASSP 2021).

Raw files: two pickles with the same keys, `video-` + YouTube id: one has captions, each a list of words, and one has
           times in seconds: {"video-aB3_dE-6hIj": [["a", "dog", "jumps"]]} and
           {"video-aB3_dE-6hIj": [[12.125, 15.5]]}.
           They are parsed as data without running any code. JSON conversions are read too, also both in one document:
           {"video-aB3_dE-6hIj": {"captions": [["a", "dog", "jumps"]], "times": [[12.125, 15.5]]}}
Splits:    train_list.txt, val_list.txt and test_list.txt beside them, one key per line; VideoMind's durations.json
           ({"aB3_dE-6hIj": 41.5}) gives lengths, which the corpus lacks.
Oddities:  some captions have no length (start = end); precision varies; 71 links lead to videos in other languages than
           English.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vtgdata.annotations import ids, items, lengths, pickles, sources, text
from vtgdata.annotations.json_text import read_json
from vtgdata.annotations.text import lines, mapping, sequence, shown, some_readable, unreadable
from vtgdata.errors import VtgError
from vtgdata.files import outside
from vtgdata.records import Corpus, Example, RawRow, Records, Split

_LISTS, _TIMES, _LENGTHS = "_list.txt", "times_captions_combined_filtered", "durations.json"
_ONE, _PREFIX = "queryd.json", "video-"
_CAPTIONS = ("raw_captions_combined_filtered*.json", "raw_captions_combined_filtered*.pkl")


def _split(name: str, *, benchmark: bool = False) -> Split:
    return Split(name=name, files=(_ONE, *_CAPTIONS, f"{_TIMES}*", f"*{name}{_LISTS}", _LENGTHS), benchmark=benchmark)


CORPUS = Corpus(
    name="queryd",
    title="QuerYD",
    summary="Descriptions that volunteers spoke for blind viewers of YouTube videos, written down and aligned.",
    splits=(_split("train"), _split("val"), _split("test", benchmark=True)),
    license="LicenseRef-unstated",
    license_link="https://www.robots.ox.ac.uk/~vgg/data/queryd/",
    license_confidence="C",
    homepage="https://www.robots.ox.ac.uk/~vgg/data/queryd/",
    citation="Oncescu, Henriques, Liu, Zisserman, Albanie: QuerYD: A Video Dataset with High-Quality Text and Audio "
    "Narrations. ICASSP 2021.",
    grid=0.001,
    usage="queryd/",
    download="The homepage links raw_captions_combined_filtered-v2.pkl, times_captions_combined_filtered-v2.pkl and "
    "the lists of the splits: into one folder. VideoMind's folder `queryd` has durations.json, for the same folder.",
    overlaps=(
        "33 training rows of TimeRFT are QuerYD's.",
        "TVG-R1's pool and TimeIT take rows of its training split.",
    ),
    split_in_rows=True,
    records=(
        Records(shape="object", at="*/captions|times/*", rows="at least", why="times without a caption are rows too"),
    ),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "queryd.json": """{
  "video-aB3_dE-6hIj": {"captions": [["a", "dog", "jumps"], ["it", "rests."], ["two", "men  wave"]],
    "times": [[12.125, 15.5], [20.25, 20.25], [38.0, 42.75]]},
  "video--_a0bZ_c1dE": {"captions": [["a", "kite", "falls"], ["a", 7]], "times": [[3, 9.5], [10, 11]]},
  "video-v_abcdefghi": {"captions": [["it", "snows"], ["it", "rains"]], "times": [[0.5, 2.0]]},
  "video-00000000zzz": {"captions": [["a", "door", "opens"]], "times": [[1, 2]]}
}""",
        "train_list.txt": "video-aB3_dE-6hIj\nvideo-v_abcdefghi\n",
        "test_list.txt": "video--_a0bZ_c1dE\n",
        "durations.json": '{"aB3_dE-6hIj": 41.5}',
    },
    samples=[
        ("aB3_dE-6hIj", "a dog jumps", [[12.125, 15.5]]),
        ("aB3_dE-6hIj", "two men wave", [[38.0, 41.5]]),
        ("-_a0bZ_c1dE", "a kite falls", [[3.0, 9.5]]),
    ],
    drops=["zero_length", "unreadable_row", "unreadable_row", "unreadable_row", "no_split"],
)

_FORM = (
    '{"video-<YouTube id>": [["a", "dog", "jumps"], ...], ...} with the times in a file beside it, or '
    '{"video-<YouTube id>": {"captions": [["a", "dog", "jumps"], ...], "times": [[12.125, 15.5], ...]}, ...}'
)
_Lists = Mapping[str, Any]


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each caption, with the split whose list has its video.

    Args:
        paths: captions files, each with its times beside it, or folders of them.
        split: read only this split; without lists, all rows get this split.

    Raises VtgError when a captions file has no times, or neither a list nor `split` tells the splits.
    """
    found = sources.find(paths, CORPUS, split, companions=(_LISTS, _LENGTHS), one_copy=True)
    captions = [source.path for source in found if not source.path.name.startswith(_TIMES)]
    if not captions:
        raise VtgError(f"{found[0].path}: the times alone. Name the file of the captions too.")
    for path in captions:
        beside = _beside(path, paths)
        splits = _splits(beside)
        if not splits and split is None:
            raise VtgError(
                f"{path}: nothing tells the splits. Put train_list.txt, val_list.txt and test_list.txt beside it, or "
                "name the split of all with --split."
            )
        yield from some_readable(path, _rows(path, beside, splits, split), _FORM)


def _beside(path: Path, paths: Sequence[Path]) -> list[Path]:
    """Files that may go with a captions file: first the other given files, then those in its folder."""
    named = [each for each in paths if outside.is_file(each) and each != path]
    return named + [source.path for source in sources.named_files(path.parent, CORPUS)]


def _splits(beside: Sequence[Path]) -> dict[str, str]:
    """Video id -> split, from all lists."""
    found: dict[str, str] = {}
    for path in beside:
        for split in CORPUS.splits:
            if sources.plain_name(path).endswith(f"{split.name}{_LISTS}"):
                found |= {line.strip().removeprefix(_PREFIX): split.name for _, line in lines(path)}
    return found


def _lengths(beside: Sequence[Path]) -> dict[str, float]:
    """Seconds by YouTube id."""
    for path in beside:
        if sources.plain_name(path) == _LENGTHS:
            return {key.removeprefix(_PREFIX): seconds for key, seconds in lengths.read(path)}
    return {}


def _document(path: Path) -> _Lists:
    """The mapping in a JSON file or a pickle; raises VtgError if the file does not hold one."""
    shape = items.shape(path)
    packed = shape == "pickle" or (shape not in ("json", "jsonl") and sources.plain_name(path).endswith(".pkl"))
    try:
        return mapping(pickles.read_pickle(path) if packed else read_json(path), "the document")
    except ValueError as error:
        raise VtgError(f"{path}: {error}; it should be {_FORM}. Give the right file.") from error


def _times(path: Path, beside: Sequence[Path]) -> _Lists:
    """The document with the times; if several lie beside the captions, the one whose name matches is preferred."""
    wanted = sources.plain_name(path).replace("raw_captions", "times_captions").rpartition(".")[0]
    found = [each for each in beside if each.name.startswith(_TIMES)]
    if not found:
        raise VtgError(
            f"{path}: its times are missing, or it is no file of this corpus. Put {_TIMES}-v2.pkl beside it."
        )
    return _document(next((each for each in found if each.name.startswith(f"{wanted}.")), found[0]))


def _rows(path: Path, beside: Sequence[Path], splits: Mapping[str, str], split: str | None) -> Iterator[RawRow]:
    """A row for each caption, and an unreadable row for each time without a caption."""
    captions, lengths = _document(path), _lengths(beside)
    together = any(isinstance(entry, dict) for entry in captions.values())
    times: _Lists = {} if together else _times(path, beside)
    for key in [*captions, *(key for key in times if key not in captions)]:
        video_id = key.removeprefix(_PREFIX)
        told = splits.get(video_id) if splits else split
        if split is None or told == split:
            pair = {"captions": captions.get(key, []), "times": times.get(key, [])}
            entry = captions[key] if together else pair
            yield from _entry(f"{path.name}#{key}", video_id, entry, told, lengths.get(video_id))


def _entry(origin: str, video_id: str, entry: Any, split: str | None, duration: float | None) -> Iterator[RawRow]:
    try:
        if ids.youtube_id(video_id) != video_id:
            raise ValueError(f"{shown(video_id)} is no YouTube id")
        lists = mapping(entry, "the entry")
        captions, times = (sequence(lists.get(name), name) for name in ("captions", "times"))
    except ValueError as error:
        yield unreadable(origin, entry, split or "", str(error))
        return
    for i in range(max(len(captions), len(times))):
        place, raw = f"{origin}/{i}", {"captions": captions[i : i + 1], "times": times[i : i + 1]}
        try:
            if len(captions) != len(times):
                raise ValueError(f"the video has {len(captions)} captions and {len(times)} times")
            if split is None:
                detail = f"{video_id} is in none of the lists of the splits"
                yield unreadable(place, raw, "", detail, reason="no_split")
                continue
            yield _row(place, raw, video_id, split, duration)
        except ValueError as error:
            yield unreadable(place, raw, split or "", str(error))


def _row(origin: str, raw: _Lists, video_id: str, split: str, duration: float | None) -> RawRow:
    words = [text.words(word, "a word") for word in sequence(raw["captions"][0], "the caption")]
    return RawRow(
        origin=origin,
        raw=raw,
        video_id=video_id,
        file=f"{video_id}.mp4",
        query=" ".join(words),
        windows=[text.pair(raw["times"][0])],
        split=split,
        duration=duration,
        source_id=video_id,
    )
