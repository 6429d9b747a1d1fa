"""YouCook2: the steps of recipes in 2,000 YouTube cooking videos (Zhou et al., AAAI 2018).

Raw file:  {"database": {"aB3_dE-6hIj": {"duration": 318.4, "subset": "training", "recipe_type": "207",
             "annotations": [{"segment": [35, 51], "id": 0, "sentence": "whisk two eggs with sugar"}]}}}
           whole seconds; one file holds both splits, and each video's `subset` names its split.
Copies:    captions JSON, one file per split, with the same rows: {"aB3_dE-6hIj": {"duration": 318.4,
            "timestamps": [[35, 51]], "sentences": ["whisk two eggs with sugar"]}}
Oddities:  some sentences have doubled blanks; 12 sentences repeat in their video with another window; `recipe_type` is
           text; no window is faulty. The labels of the test videos are not public. Counts above 13,829 rows come from a
           loader that takes the last step of each video twice.
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from vtgdata.annotations import captions_json, ids, sources
from vtgdata.annotations.json_text import read_json
from vtgdata.annotations.text import duration, mapping, pair, sequence, shown, some_readable, unreadable, words
from vtgdata.errors import VtgError
from vtgdata.records import Corpus, Example, RawRow, Records, Split

_DATABASES = ("youcookii_annotations_trainval.json", "yc2_annotations_trainval.json")

CORPUS = Corpus(
    name="youcook2",
    title="YouCook2",
    summary="Recipe steps in YouTube cooking videos of about 5 minutes.",
    splits=(
        Split(name="train", files=(*_DATABASES, "yc2_train_anet_format.json"), rows=10_337, videos=1_333),
        Split(name="val", files=(*_DATABASES, "yc2_val_anet_format.json"), rows=3_492, videos=457, benchmark=True),
    ),
    license="LicenseRef-YouCook2",
    license_link="https://youcook2.eecs.umich.edu/",
    license_confidence="C",
    homepage="http://youcook2.eecs.umich.edu/",
    citation="Zhou, Xu, Corso: Towards Automatic Learning of Procedures from Web Instructional Videos. AAAI 2018.",
    grid=1.0,
    usage="youcookii_annotations_trainval.json",
    download="`youcookii_annotations_trainval.json` is on the homepage; mirrors call it yc2_annotations_trainval.json.",
    overlaps=("TimeIT's instruct_dvc_1.2k_youcook2.json is about 1,192 of the 1,333 training videos.",),
    family="captions",
    split_in_rows=True,
    records=(
        Records(shape="object", at="database/*/annotations/*"),
        Records(shape="object", at="*/{windows}|{query}/*"),
    ),
    youtube=True,
)

EXAMPLE = Example(
    files={
        "youcookii_annotations_trainval.json": """{"database": {
  "aB3_dE-6hIj": {"duration": 318.4, "subset": "training", "recipe_type": "207", "annotations": [
    {"segment": [35, 51], "id": 0, "sentence": "whisk two eggs  with sugar"},
    {"segment": [60, 88], "id": 1, "sentence": "fold in the flour"},
    {"segment": [90, 97], "id": 2, "sentence": "fold in the flour"},
    {"segment": [99], "id": 3, "sentence": "bake"}],
    "video_url": "https://www.youtube.com/watch?v=aB3_dE-6hIj"},
  "-_a0bZ_c1dE": {"duration": 201.07, "subset": "validation", "recipe_type": "113", "annotations": [
    {"segment": [190, 203], "id": 0, "sentence": " cut the sandwich in half"}]},
  "v_000000zzz": {"duration": 100, "subset": "testing", "annotations": [{"segment": [1, 2], "id": 0}]}
}}"""
    },
    samples=[
        ("aB3_dE-6hIj", "whisk two eggs with sugar", [[35.0, 51.0]]),
        ("aB3_dE-6hIj", "fold in the flour", [[60.0, 88.0]]),
        ("aB3_dE-6hIj", "fold in the flour", [[90.0, 97.0]]),
        ("-_a0bZ_c1dE", "cut the sandwich in half", [[190.0, 201.07]]),
    ],
    drops=["unreadable_row", "unreadable_row"],
)

_SUBSETS = {"training": "train", "validation": "val"}
_FORM = '{"database": {"YOUTUBE_ID": {"duration": 318.4, "subset": "training", "annotations": [...]}, ...}}'


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each step in the database or in captions copies; with `split`, only rows of that split."""
    for source in _once(sources.find(paths, CORPUS, split), paths):
        database = _database(source.path)
        if database is not None:
            rows = some_readable(source.path, _steps(source.path.name, database), _FORM)
        else:
            owner = _split_of_copy(source.path, split)
            rows = captions_json.rows(sources.Source(source.path, owner), captions_json.facts(name=_named), _FORM)
        yield from sources.only(rows, split)


def _once(found: Sequence[sources.Source], given: Sequence[Path]) -> list[sources.Source]:
    """The files without copies found in the database's folder, which repeat its rows; given files all stay."""
    first: dict[Path, Path] = {}
    for source in found:
        if sources.plain_name(source.path) in _DATABASES and source.path not in given:
            first.setdefault(source.path.parent, source.path)
    return [each for each in found if each.path in given or first.get(each.path.parent, each.path) == each.path]


def _database(path: Path) -> dict[str, Any] | None:
    """The videos of a database file; None if the file has another form."""
    document = read_json(path)
    if not isinstance(document, dict) or "database" not in document:
        return None
    try:
        return mapping(document["database"], "database")
    except ValueError as error:
        raise VtgError(f"{path}: {error}; a file of YouCook2 looks like {_FORM}. Give the right file.") from error


def _split_of_copy(path: Path, split: str | None) -> str:
    """The split of a captions copy, whose rows do not say it: from the file's name, else `split`.

    Raises VtgError when neither tells it.
    """
    name = sources.plain_name(path)
    named = [known for known in ("train", "val") if fnmatchcase(name, f"*{known}*")]
    owner = named[0] if len(named) == 1 else split
    if owner is None:
        raise VtgError(f"{path}: neither the file nor its name tells the split. Name it with --split train|val.")
    return owner


def _steps(name: str, database: dict[str, Any]) -> Iterator[RawRow]:
    for key, video in database.items():
        origin = f"{name}#database/{key}"
        try:
            fields, named = mapping(video, "the video"), _named(key)
            subset = words(fields.get("subset"), "subset")
            if subset not in _SUBSETS:
                raise ValueError(f"subset {shown(subset)} is none of {', '.join(_SUBSETS)}")
            steps = sequence(fields.get("annotations"), "annotations")
        except ValueError as error:
            yield unreadable(origin, {key: video}, "", str(error))
            continue
        for i, step in enumerate(steps):
            yield _step(f"{origin}/annotations/{i}", step, named, fields, _SUBSETS[subset])


def _step(origin: str, step: Any, named: ids.Named, video: dict[str, Any], split: str) -> RawRow:
    try:
        fields = mapping(step, "the step")
        segment, sentence = pair(fields.get("segment")), words(fields.get("sentence"), "sentence")
    except ValueError as error:
        return unreadable(origin, step, split, str(error))
    return RawRow(
        origin=origin,
        raw=step,
        video_id=named.video_id,
        file=named.file,
        query=sentence,
        windows=[segment],
        split=split,
        duration=duration(video.get("duration")),
        source_id=named.source_id,
        extra={"recipe_type": video.get("recipe_type"), "segment": fields.get("id")},
    )


def _named(key: str) -> ids.Named:
    """A key of YouCook2, a YouTube id.

    >>> _named("v_000000zzz").file
    'v_000000zzz.mp4'
    """
    if ids.youtube_id(key) != key:
        raise ValueError(f"{shown(key)} is no key of YouCook2, a YouTube id")
    return ids.Named(key, f"{key}.mp4", key)
