import json
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from support.published import ingested, published
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import RowsFailed
from vtgdata.files.samples import read_samples
from vtgdata.plugins.corpora import activitynet_captions
from vtgdata.records import Drop, Sample
from vtgdata.stages import ingest

ENTRY = {"duration": 64.12, "timestamps": [[0.5, 12.3]], "sentences": ["Two men carry a boat."]}


def write(folder: Path, name: str, document: object) -> Path:
    path = folder / name
    path.write_text(json.dumps(document))
    return path


def test_a_sentence_is_a_row_with_its_key_path(tmp_path: Path) -> None:
    path = write(tmp_path, "train.json", {"v_Qx81-kLm_0A": ENTRY})
    (row,) = activitynet_captions.read([path], None)
    assert (row.video_id, row.source_id, row.file) == ("v_Qx81-kLm_0A", "Qx81-kLm_0A", "v_Qx81-kLm_0A.mp4")
    assert (row.windows, row.duration, row.split) == ([(0.5, 12.3)], 64.12, "train")
    assert row.origin == "train.json#v_Qx81-kLm_0A/timestamps/0"


def test_the_two_annotators_of_one_video_give_two_samples(tmp_path: Path) -> None:
    for name in ("val_1.json", "val_2.json"):
        write(tmp_path, name, {"v_Qx81-kLm_0A": ENTRY})
    first, second = normalise(activitynet_captions.read([tmp_path], None), activitynet_captions.CORPUS)
    assert isinstance(first, Sample) and isinstance(second, Sample)
    assert (first.split, second.split) == ("val_1", "val_2")
    assert first.sample_id != second.sample_id


def test_a_split_takes_one_file_out_of_a_folder(tmp_path: Path) -> None:
    for name in ("train.json", "val_1.json", "val_2.json"):
        write(tmp_path, name, {"v_Qx81-kLm_0A": ENTRY})
    assert {row.split for row in activitynet_captions.read([tmp_path], "val_1")} == {"val_1"}


def test_the_validation_files_are_benchmarks_and_keep_rows_without_a_window(tmp_path: Path) -> None:
    entry = {"duration": 64.12, "timestamps": [[9, 3]], "sentences": ["A dog runs."]}
    for name, kind in (("train.json", Drop), ("val_2.json", Sample)):
        rows = activitynet_captions.read([write(tmp_path, name, {"v_Qx81-kLm_0A": entry})], None)
        (outcome,) = normalise(rows, activitynet_captions.CORPUS)
        assert isinstance(outcome, kind)


class Event(NamedTuple):
    """One sentence, as the file has it."""

    video: str
    sentence: str
    start: float
    end: float
    duration: float


def events(path: Path) -> list[Event]:
    return [
        Event(video, sentence, start, end, entry["duration"])
        for video, entry in json.loads(path.read_text()).items()
        for (start, end), sentence in zip(entry["timestamps"], entry["sentences"], strict=True)
    ]


# rows, videos, reversed, without length, past the end, leading blanks, newlines, two blanks, not ASCII, whole video
COUNTS = {
    "train": (37_421, 10_009, 2, 2, 29, 25_731, 5, 322, 24, 1_005),
    "val_1": (17_505, 4_917, 0, 0, 5, 11_639, 2, 173, 24, 546),
}


@pytest.mark.parametrize("name", COUNTS)
def test_a_published_file_has_the_oddities_that_its_facts_name(name: str) -> None:
    found = events(published("corpora", "activitynet_captions") / f"{name}.json")
    assert COUNTS[name] == (
        len(found),
        len({each.video for each in found}),
        sum(each.start > each.end for each in found),
        sum(each.start == each.end for each in found),
        sum(each.end - each.duration > 1e-6 for each in found),
        sum(each.sentence[:1].isspace() for each in found),
        sum("\n" in each.sentence for each in found),
        sum(re.search(r"\s\s", each.sentence.strip()) is not None for each in found),
        sum(not each.sentence.isascii() for each in found),
        sum(each.start == 0 and each.end > each.duration - 0.005 for each in found),
    )
    split = next(each for each in activitynet_captions.CORPUS.splits if each.name == name)
    assert (split.rows, split.videos) == COUNTS[name][:2]


@pytest.mark.parametrize("name", COUNTS)
def test_a_published_file_gives_the_counts_of_its_raw_text(name: str) -> None:
    path = published("corpora", "activitynet_captions") / f"{name}.json"
    raw = events(path)
    kept = [each for each in raw if each.start < each.end]
    tidy = [" ".join(each.sentence.split()) for each in kept]
    asked = {(each.video, query.casefold()) for each, query in zip(kept, tidy, strict=True)}

    found = ingested("activitynet_captions", [path])
    wrong = ["reversed" if each.start > each.end else "zero_length" for each in raw if each.start >= each.end]
    assert [drop.reason for drop in found.drops] == wrong
    assert len(found.samples) == len(kept)
    assert Counter(found.repairs) == Counter(
        end_past_video=sum(each.end - each.duration > 1e-6 for each in kept),
        query_blanks=sum(each.sentence != query for each, query in zip(kept, tidy, strict=True)),
        query_dots=sum(query.endswith((" .", "..")) for query in tidy),
        query_ambiguous=len(kept) - len(asked),
    )
    # 168.67000000000002 is no end past a video of 168.67 s: it stays as it is.
    ends = [each.duration if each.end - each.duration > 1e-6 else each.end for each in kept]
    assert [sample.windows[0].end for sample in found.samples] == ends
    assert len({sample.sample_id for sample in found.samples}) == len(found.samples)


def test_ingest_clamps_the_events_of_a_real_video_to_its_own_length(tmp_path: Path) -> None:
    path = published("corpora", "activitynet_captions", "val_1.json")
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/v_GGSY1Qvo990.mp4").symlink_to(published("videos", "v_GGSY1Qvo990.mp4"))
    settings = ingest.Settings(
        corpus="activitynet_captions", paths=[str(path)], videos=str(tmp_path / "videos"), out=str(tmp_path / "out")
    )
    with pytest.raises(RowsFailed) as caught:
        ingest.run(settings)
    assert caught.value.summary.videos == {"ok": 1, "missing": 4_916, "unreadable": 0}
    samples = read_samples(tmp_path / "out" / "samples.parquet")
    found = [each for each in samples if each.video.video_id == "v_GGSY1Qvo990"]
    # Annotated as 18.16 s, which is the sound's length; the picture lasts 18.044 s.
    length = found[0].video.duration
    assert length == pytest.approx(18.044, abs=0.001)
    assert [(each.windows[0].start, each.windows[0].end) for each in found] == [(0, 2.27), (2.91, 6.54), (8.08, length)]
    assert {each.video.status for each in samples} == {"ok", "missing"}
