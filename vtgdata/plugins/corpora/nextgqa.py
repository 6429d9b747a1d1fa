"""NExT-GQA: NExT-QA's multiple-choice questions with the spans that show the answer (Xiao et al., CVPR 2024).

Raw files: val.csv                 video_id,frame_count,width,height,question,answer,qid,type,a0,a1,a2,a3,a4
                                   5550001111,900,640,480,why did the girl kneel,tie her shoe,3,CW,pick a coin,...
           gsub_val.json           {"5550001111": {"duration": 41, "location": {"3": [[6.4, 9.0]]}, "fps": 29.97}}
           map_vid_vidorID.json    {"5550001111": "0101/5550001111"}    (optional: folder and file of the video)
           seconds, grid 0.1 s; joined on (video_id, qid). The files lie in one folder, or each is given as a path.
Answers:   `answer` is the text of the right option; its position gives the letter. If an option occurs twice, the row
           has a repair that says so; if that is the right option, `answer` is the first letter, `extra.answers` all.
Oddities:  `duration` is rounded to whole seconds: 3 val spans end 0.5 s past it; 339 val questions have several spans;
           3 val videos have no question; NExT-QA's own val.csv has the descriptive questions too, without spans.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from vtgdata.annotations import items, sources, text
from vtgdata.annotations.json_text import read_json
from vtgdata.annotations.text import duration, mapping, shown, unreadable, words
from vtgdata.errors import VtgError
from vtgdata.files import outside
from vtgdata.records import Corpus, Example, RawRow, Records, Repair, Split

_MAP = "map_vid_vidorID.json"

CORPUS = Corpus(
    name="nextgqa",
    title="NExT-GQA",
    summary="Multiple-choice questions on daily-life videos of about 40 s, with the moments that show the answer.",
    splits=(
        Split(
            name="val",
            files=("val.csv", "gsub_val.json", _MAP),
            rows=3_358,
            videos=567,
            copies={4_996: "NExT-QA's own val.csv, whose 777 descriptive questions and some others have no spans"},
        ),
        Split(name="test", files=("test.csv", "gsub_test.json", _MAP), rows=5_553, benchmark=True),
    ),
    license="LicenseRef-unstated",
    license_link="https://github.com/doc-doc/NExT-GQA",
    license_confidence="C",
    homepage="https://github.com/doc-doc/NExT-GQA",
    citation="Xiao, Yao, Li, Chua: Can I Trust Your Answer? Visually Grounded Video Question Answering. CVPR 2024.",
    grid=0.1,
    usage="val.csv gsub_val.json map_vid_vidorID.json",
    download="Folder `datasets/nextgqa` of https://github.com/doc-doc/NExT-GQA; the videos are VidOR's.",
    overlaps=("VideoChat-R1 trains on val.", "NExT-QA's validation questions are about the same videos."),
    records=(
        Records(
            shape="object",
            at="*/location/*",
            rows="at most",
            why="spans go with a question of the csv; those without one are rows of their own",
        ),
    ),
)

_HEADER = "video_id,frame_count,width,height,question,answer,qid,type,a0,a1,a2,a3,a4"

EXAMPLE = Example(
    files={
        "val.csv": (
            f"{_HEADER}\n"
            "5550001111,900,640,480,why did the girl kneel,tie her shoe,3,CW,pick a coin,tie her shoe,pet,pray,rest\n"
            '5550001111,900,640,480,"how did he, at last,  react",wave,4,CH,wave,run,hide,run,sit\n'
            "5550001111,900,640,480,where is it,park,5,DL,park,road,hall,yard,sea\n"
            "5550001111,900,640,480,what did he do,hop,6,TN,run,sing,hide,wave,sit\n"
            "5550002222,300,640,480,what did the cat do,drink,0,TN,drink,nap,jump,drink,sit\n"
            "5550002222,300,640,480\n"
        ),
        "gsub_val.json": """{
  "5550001111": {"duration": 41, "location": {"3": [[6.4, 9.0], [30.1, 33.7]], "4": [[37.0, 41.5]], "6": [[1, 2]]},
    "fps": 29.97},
  "5550002222": {"duration": 12, "location": {"0": [[0.0, 4.5]], "9": [[5.0, 6.0]]}, "fps": 25},
  "5550003333": {"duration": 30, "location": {}, "fps": 30}
}""",
        "map_vid_vidorID.json": '{"5550001111": "0101/5550001111", "5550002222": "0016/5550002222"}',
    },
    samples=[
        ("5550001111", "why did the girl kneel", [[6.4, 9.0], [30.1, 33.7]]),
        ("5550001111", "how did he, at last, react", [[37.0, 41.0]]),
        ("5550002222", "what did the cat do", [[0.0, 4.5]]),
    ],
    drops=["no_moment_annotated", "unreadable_row", "unreadable_row", "no_question"],
)

_COLUMNS = tuple(_HEADER.split(","))
_LETTERS = "ABCDE"
_FORM = f"the csv with the columns {_HEADER}"


class _Beside(msgspec.Struct):
    """Contents of the JSON files that go with the questions, and which questions were read."""

    spans: dict[Path, dict[str, Any]] = {}
    """File -> video id -> duration, spans by question, and fps."""
    folders: dict[str, Any] = {}
    """Video id -> its folder and name in VidOR."""
    asked: set[tuple[str, str]] = set()
    """(video id, qid) of every question that was read."""

    def video(self, video_id: str) -> Any:
        """The entry of a video in the files with spans; None if none of them has it."""
        return next((videos[video_id] for videos in self.spans.values() if video_id in videos), None)


def read(paths: Sequence[Path], split: str | None) -> Iterator[RawRow]:
    """One row for each question, with its spans from a JSON file; then an unreadable row for each qid without one."""
    found = sources.find(paths, CORPUS, split, companions=(".json",))
    beside = _beside(_companions(paths, found))
    for source in found:
        matched = False
        for row in items.rows(source, lambda item, given: _row(item, given, beside), _FORM):
            matched = matched or row.problem is None
            yield row
        if not matched:
            looked = ", ".join(path.name for path in beside.spans) or "its folder"
            raise VtgError(
                f"{source.path}: none of its questions has spans (looked in {looked}). "
                f"Give gsub_{source.split}.json too."
            )
    yield from _unasked(beside, found[-1].split)


def _companions(paths: Sequence[Path], annotations: Sequence[sources.Source]) -> Iterable[Path]:
    """The given JSON files, then those of the questions' splits in the given folders and beside the questions."""
    given = [path for path in paths if outside.is_file(path) and sources.plain_name(path).lower().endswith(".json")]
    found = {outside.resolved(path): path for path in given}
    for folder in [*(path for path in paths if path.is_dir()), *(source.path.parent for source in annotations)]:
        for split in dict.fromkeys(source.split for source in annotations):
            for source in sources.named_files(folder, CORPUS, split):
                if sources.plain_name(source.path).endswith(".json"):
                    found.setdefault(outside.resolved(source.path), source.path)
    return found.values()


def _beside(paths: Iterable[Path]) -> _Beside:
    """Read the JSON files. Their contents tell which is which, since copies may have other names."""
    beside = _Beside()
    for path in paths:
        try:
            document = mapping(read_json(path), "the document")
        except ValueError as error:
            raise VtgError(f"{path}: {error}. Give gsub_val.json or {_MAP}.") from error
        values = list(document.values())
        if any(isinstance(value, dict) and "location" in value for value in values):
            beside.spans[path] = document
        elif values and all(isinstance(value, str) for value in values):
            beside.folders |= document
        elif not values or not all(isinstance(value, list) for value in values):
            # A file with a list for each video is frame2time_val.json (times of sampled frames), which is not needed.
            raise VtgError(f"{path}: neither spans nor folders of videos. Give gsub_val.json or {_MAP}.")
    return beside


def _row(item: items.Item, source: sources.Source, beside: _Beside) -> RawRow:
    fields = item.fields()
    if missing := [name for name in _COLUMNS if name not in fields]:
        raise ValueError(f"no column {', '.join(missing)}")
    cells = {name: words(fields[name], name) for name in _COLUMNS}
    video_id, qid = cells["video_id"], cells["qid"]
    if not (video_id.isascii() and video_id.isdecimal()):
        raise ValueError(f"{shown(video_id)} is no id of a NExT-QA video, all digits")
    beside.asked.add((video_id, qid))
    options = tuple(cells[f"a{i}"] for i in range(len(_LETTERS)))
    letters = [letter for letter, option in zip(_LETTERS, options, strict=True) if option == cells["answer"]]
    if not letters:
        raise ValueError(f"the answer {shown(cells['answer'])} is none of the options")
    video = mapping(beside.video(video_id) or {}, "the entry with its spans")
    spans = mapping(video.get("location", {}), "location").get(qid)
    if not spans:
        detail = f"no spans for question {qid} of type {cells['type']} on {video_id}"
        return unreadable(item.origin, item.raw, source.split, detail, "no_moment_annotated")
    return RawRow(
        origin=item.origin,
        raw=item.raw,
        video_id=video_id,
        file=f"{video_id}.mp4",
        query=cells["question"],
        windows=text.windows(spans),
        split=source.split,
        published_id=f"{video_id}:{qid}",
        duration=duration(video.get("duration")),
        task="grounded_qa",
        options=options,
        answer=letters[0],
        repairs=tuple(_repeated(options, letters)),
        extra=_extra(cells, video, letters, beside.folders.get(video_id)),
    )


def _repeated(options: Sequence[str], letters: Sequence[str]) -> Iterator[Repair]:
    """Notes about options that occur twice, as repairs that change nothing."""
    twice = [option for option in dict.fromkeys(options) if options.count(option) > 1]
    if twice:
        yield Repair("options_repeat", ", ".join(map(repr, twice)), "kept")
    if len(letters) > 1:
        yield Repair("answer_ambiguous", letters[0], " or ".join(letters))


def _extra(cells: Mapping[str, str], video: Mapping[str, Any], letters: list[str], folder: Any) -> dict[str, Any]:
    extra: dict[str, Any] = {"type": cells["type"], "fps": video.get("fps"), "vidor": folder}
    return extra | ({"answers": letters} if len(letters) > 1 else {})


def _unasked(beside: _Beside, split: str) -> Iterator[RawRow]:
    """An unreadable row for each question that has spans but is in no csv."""
    for path, videos in beside.spans.items():
        for video_id, video in videos.items():
            spans = cast(dict[str, Any], video).get("location") if isinstance(video, dict) else None
            for qid, windows in cast(dict[str, Any], spans).items() if isinstance(spans, dict) else ():
                if (video_id, qid) not in beside.asked:
                    origin = f"{path.name}#{video_id}/location/{qid}"
                    detail = f"no csv has question {qid} of {video_id}"
                    yield unreadable(origin, {qid: windows}, split, detail, "no_question")
