import csv
import itertools
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.published import ingested, published
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import museg
from vtgdata.records import RawRow, Sample

CHARADES = "videos/charades/K7QZ2.mp4"


def item(**changed: Any) -> dict[str, Any]:
    whole = {
        "idx": 0, "problem": "Locate 'a man waves' in it.", "solution": [[1, 2]], "task": "tvg",
        "video": "videos/et_instruct_164k/hacs/aB3_dE-6hIj.mp4", "duration": 58.0,
    }  # fmt: skip
    return {key: value for key, value in (whole | changed).items() if value is not None}


def read(folder: Path, *records: dict[str, Any], also: tuple[Path, ...] = ()) -> list[RawRow]:
    path = folder / "stage_1.jsonl"
    path.write_text("\n".join(json.dumps(record) for record in [item(), *records]))
    return list(museg.read([path, *also], None))[1:]


def test_the_query_is_what_the_instruction_quotes_and_the_instruction_is_kept(tmp_path: Path) -> None:
    problem = "Locate the content mentioned in the query 'the man's hat isn't on' within the video."
    (row,) = read(tmp_path, item(problem=problem))
    assert (row.query, row.extra["problem"]) == ("the man's hat isn't on", problem)
    assert "query_from" not in row.extra


def test_an_instruction_that_quotes_nothing_is_the_query_and_says_so(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(problem="When does the man's hat fall?"))
    assert (row.query, row.extra["query_from"]) == ("When does the man's hat fall?", "problem")


def test_one_bad_segment_of_many_is_taken_out_and_noted(tmp_path: Path) -> None:
    (row,) = read(tmp_path, item(solution=[[3, 4], [5, 5], [60, 70], [50, 59.5]]))
    (sample,) = normalise([row], museg.CORPUS)
    assert isinstance(sample, Sample)
    assert [(window.start, window.end) for window in sample.windows] == [(3, 4), (50, 58)]
    assert [repair.code for repair in sample.repairs] == ["zero_length", "starts_past_end", "end_past_video"]


def test_a_row_is_of_the_corpus_that_its_folder_names(tmp_path: Path) -> None:
    folders = ("charades", "et_instruct_164k/activitynet", "et_instruct_164k/tacos", "et_instruct_164k/hacs")
    rows = read(tmp_path, *(item(video=f"videos/{folder}/x.mp4") for folder in folders))
    assert [row.source_corpus for row in rows] == ["charades_sta", "activitynet_captions", "tacos", "hacs"]


def test_durations_come_from_a_table_beside_the_file_or_one_that_is_named(tmp_path: Path) -> None:
    record = item(video=CHARADES, duration=None)
    assert read(tmp_path, record)[0].duration is None
    (tmp_path / "Charades_v1_train.csv").write_text('id,actions,length\r\nK7QZ2,"c1 0 1;c2, x",30.96\r\n', newline="")
    assert read(tmp_path, record)[0].duration == 30.96
    (tmp_path / "other").mkdir()
    probed = tmp_path / "other" / "durations.json"
    probed.write_text('{"K7QZ2": 29.5}')
    assert read(tmp_path, record, also=(probed,))[0].duration == 29.5
    assert read(tmp_path, item(video=CHARADES, duration=12.5), also=(probed,))[0].duration == 12.5


def test_a_table_without_lengths_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "Charades_v1_train.csv").write_text("id,seconds\nK7QZ2,3\n")
    with pytest.raises(VtgError, match=r"Charades_v1_train\.csv.*length"):
        read(tmp_path)
    (tmp_path / "Charades_v1_train.csv").unlink()
    (tmp_path / "durations.json").write_text('["K7QZ2"]')
    with pytest.raises(VtgError, match=r"durations\.json"):
        read(tmp_path)


def counted(raw: list[dict[str, Any]], lengths: dict[str, float]) -> tuple[Counter[str], list[int]]:
    """What each row needs, written from the description: repairs by code, and the rows without a usable segment."""
    codes: Counter[str] = Counter()
    dropped: list[int] = []
    for i, row in enumerate(raw):
        length = row.get("duration", lengths.get(Path(row["video"]).stem, float("inf")))
        points = [pair for pair in row["solution"] if pair[0] == pair[1]]
        outside = [pair for pair in row["solution"] if pair[0] >= length and pair not in points]
        kept = [pair for pair in row["solution"] if pair not in points and pair not in outside]
        if not kept:
            dropped.append(i)
            continue
        codes.update({"zero_length": bool(points), "starts_past_end": bool(outside)})
        for _, end in kept:
            far = end - length > 5 and end - length > 0.2 * length
            codes.update({"end_far_past_video": far, "end_past_video": end - length > 1e-6 and not far})
        ordered = sorted((start, min(end, length)) for start, end in kept)
        meets = list(itertools.pairwise(ordered))
        codes["windows_overlap"] += any(first[1] > second[0] for first, second in meets)
        codes["windows_touch"] += any(first[1] == second[0] for first, second in meets)
        query = row["problem"][row["problem"].index("'") + 1 : row["problem"].rindex("'")]
        codes["query_blanks"] += query != " ".join(query.split())
    return +codes, dropped


@pytest.mark.parametrize("with_lengths", [False, True])
def test_the_published_stage_gives_the_counts_of_its_raw_lines(with_lengths: bool) -> None:
    path = published("corpora", "museg", "stage_1.jsonl")
    table = published("corpora", "charades_sta", "Charades_v1_train.csv")
    raw = [json.loads(line) for line in path.read_text().splitlines()]
    with table.open(newline="") as file:
        lengths = {row["id"]: float(row["length"]) for row in csv.DictReader(file)} if with_lengths else {}
    codes, dropped = counted(raw, lengths)

    found = ingested("museg", [path, table] if with_lengths else [path])
    assert len(found.rows) == museg.CORPUS.splits[0].rows == len(raw) == 5_600
    assert [drop.origin for drop in found.drops] == [f"stage_1.jsonl:{i + 1}" for i in dropped]
    assert found.repairs == codes
    assert sum(each.video.duration is None for each in found.samples) == (0 if with_lengths else 2_819)


def test_the_published_stage_has_the_oddities_that_are_known_of_it() -> None:
    path = published("corpora", "museg", "stage_1.jsonl")
    raw = [json.loads(line) for line in path.read_text().splitlines()]
    timed = [row for row in raw if "duration" in row]
    late = [[end for _, end in row["solution"] if end - row["duration"] > 1e-6] for row in timed]
    begin_late = [start for row in timed for start, _ in row["solution"] if start >= row["duration"]]
    points = [pair for row in raw for pair in row["solution"] if pair[0] == pair[1]]
    overlapping = [
        i for i, row in enumerate(raw)
        for pairs in [sorted(row["solution"])]
        if any(first[1] > second[0] for first, second in itertools.pairwise(pairs))
    ]  # fmt: skip
    assert (sum(map(len, late)), sum(map(bool, late))) == (197, 194)
    assert (len(begin_late), len(points), len(set(overlapping))) == (4, 2, 48)
    assert (len(raw) - len(timed), sum(len(row["solution"]) > 1 for row in raw)) == (2_819, 2_514)

    found = ingested("museg", [path])
    assert sum(len(row.windows) for row in found.rows) == 13_669
    assert len({row.video_id for row in found.rows}) == museg.CORPUS.splits[0].videos == 5_010
    assert Counter(row.extra["task"] for row in found.rows) == {"tvg": 3_030, "tal": 2_570}
    assert [int(each.origin.split(":")[1]) - 1 for each in found.with_repair("windows_overlap")] == overlapping
    assert Counter(row.source_corpus for row in found.rows) == {
        "charades_sta": 2_819, "hacs": 2_222, "activitynet_captions": 348, "didemo": 158, "tacos": 53,
    }  # fmt: skip


def test_every_published_instruction_quotes_its_query() -> None:
    path = published("corpora", "museg", "stage_1.jsonl")
    found = ingested("museg", [path])
    assert sum("query_from" in row.extra for row in found.rows) == 0
    for row, line in zip(found.rows, path.read_text().splitlines(), strict=True):
        problem = json.loads(line)["problem"]
        assert row.query == problem[problem.index("'") + 1 : problem.rindex("'")]
        assert not re.search(r"'\.?$", row.query)
