import csv
import gzip
import json
from pathlib import Path

import pytest

from support.published import ingested, published
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import charades_sta
from vtgdata.records import Drop, RawRow, Sample


def read(folder: Path, text: str, name: str = "charades_sta_train.txt", split: str | None = None) -> list[RawRow]:
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return list(charades_sta.read([folder / name], split))


def test_a_line_is_an_id_two_seconds_and_a_sentence(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "K7QZ2 3.4 11.0##a person folds the towel on the bed.\n")
    assert (row.video_id, row.file, row.windows) == ("K7QZ2", "K7QZ2.mp4", [(3.4, 11.0)])
    assert row.query == "a person folds the towel on the bed."
    assert (row.split, row.origin, row.duration) == ("train", "charades_sta_train.txt:1", None)


def test_only_the_first_double_hash_divides(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "K7QZ2 0.0 6.9##person #1 hands ##2 a cup.")
    assert row.query == "person #1 hands ##2 a cup."


@pytest.mark.parametrize(
    "line", ["K7QZ2 3.4##x", "K7QZ2 3.4 11.0 x", "K7QZ2 3.4 1_1##x", "3.4 11.0##x", "K7QZ2 a b##x"]
)
def test_a_broken_line_is_a_row_with_a_problem(line: str, tmp_path: Path) -> None:
    good, broken = read(tmp_path, f"K7QZ2 3.4 11.0##fine\n{line}\n")
    assert good.problem is None and broken.problem is not None
    assert (broken.problem[0], broken.raw, broken.origin) == ("unreadable_row", line, "charades_sta_train.txt:2")


def test_lines_of_blanks_are_no_rows_but_count(tmp_path: Path) -> None:
    rows = read(tmp_path, "\nK7QZ2 3.4 11.0##x\r\n   \r\nK7QZ2 3.4 11.0##y")
    assert [row.origin for row in rows] == ["charades_sta_train.txt:2", "charades_sta_train.txt:4"]
    assert rows[0].query == "x"


def test_the_split_comes_from_the_name_or_is_asked_for(tmp_path: Path) -> None:
    line = "K7QZ2 3.4 11.0##x"
    assert read(tmp_path, line, "charades_sta_test.txt")[0].split == "test"
    assert read(tmp_path, line, "mine.txt", "train")[0].split == "train"
    with pytest.raises(VtgError, match=r"mine.txt.*--split train\|test"):
        read(tmp_path, line, "mine.txt")
    with pytest.raises(VtgError, match="split 'test'"):
        read(tmp_path, line, "charades_sta_test.txt", "train")


def test_durations_come_from_a_csv_beside_the_text_or_one_that_is_named(tmp_path: Path) -> None:
    table = 'id,actions,length\r\nK7QZ2,"c1 0 1;c2, x",30.96\r\nM2XP0,,\r\n'
    (tmp_path / "Charades_v1_train.csv").write_text(table, newline="")
    rows = read(tmp_path, "K7QZ2 3.4 11.0##x\nOTHER 3.4 11.0##y")
    assert [row.duration for row in rows] == [30.96, None]
    named = (tmp_path / "Charades_v1_train.csv").rename(tmp_path / "lengths.csv")
    paths = [tmp_path / "charades_sta_train.txt", named]
    assert [row.duration for row in charades_sta.read(paths, None)] == [30.96, None]
    assert read(tmp_path, "K7QZ2 3.4 11.0##x")[0].duration is None


def test_a_csv_that_is_named_wins_over_the_one_beside_the_text(tmp_path: Path) -> None:
    (tmp_path / "charades_sta_train.txt").write_text("K7QZ2 3.4 11.0##x\nM2XP0 3.4 11.0##y")
    (tmp_path / "Charades_v1_train.csv").write_text("id,length\nK7QZ2,30.96\nM2XP0,12.5\n")
    (tmp_path / "probed.csv").write_text("id,length\nK7QZ2,29.5\n")
    for text in (tmp_path / "charades_sta_train.txt", tmp_path):
        rows = charades_sta.read([text, tmp_path / "probed.csv"], None)
        assert [row.duration for row in rows] == [29.5, 12.5]


def test_a_length_that_is_no_number_leaves_the_duration_unknown_and_noted(tmp_path: Path) -> None:
    (tmp_path / "Charades_v1_train.csv").write_text("id,length\nK7QZ2,long\nM2XP0\n")
    rows = read(tmp_path, "K7QZ2 3.4 11.0##x\nM2XP0 3.4 11.0##x")
    for sample in normalise(rows, charades_sta.CORPUS):
        assert isinstance(sample, Sample)
        assert sample.video.duration is None
        assert [repair.code for repair in sample.repairs] == ["bad_duration"]


def test_probed_lengths_in_a_json_file_go_before_the_csv_s(tmp_path: Path) -> None:
    (tmp_path / "Charades_v1_train.csv").write_text("id,length\nK7QZ2,30.96\nM2XP0,12.5\n")
    (tmp_path / "durations.json").write_text('{"K7QZ2": 29.5, "ZZ9AA": "long"}')
    rows = read(tmp_path, "K7QZ2 3.4 11.0##x\nM2XP0 3.4 11.0##x\nZZ9AA 3.4 11.0##x\nB0XW1 3.4 11.0##x")
    assert [str(row.duration) for row in rows] == ["29.5", "12.5", "'long'", "None"]
    named = (tmp_path / "durations.json").rename(tmp_path / "probed_durations.json")
    rows = list(charades_sta.read([tmp_path / "charades_sta_train.txt", named], None))
    assert [row.duration for row in rows[:2]] == [29.5, 12.5]


def test_a_json_file_that_holds_no_lengths_is_refused(tmp_path: Path) -> None:
    (tmp_path / "durations.json").write_text("[30.96]")
    with pytest.raises(VtgError, match=r"durations.json: not durations"):
        read(tmp_path, "K7QZ2 3.4 11.0##x")


COPY = '{"qid": 7, "query": "x", "duration": 30.0, "vid": "K7QZ2", "relevant_windows": [[3.4, 11.0]]}'


def test_a_copy_in_lines_of_moments_gives_the_rows_of_the_original(tmp_path: Path) -> None:
    original = read(tmp_path, "K7QZ2 3.4 11.0##x")
    copy = read(tmp_path, COPY, "charades_train_release.jsonl")
    (first,), (second,) = (list(normalise(rows, charades_sta.CORPUS)) for rows in (original, copy))
    assert isinstance(first, Sample) and isinstance(second, Sample)
    assert (first.sample_id, first.windows, first.video.file) == (second.sample_id, second.windows, second.video.file)
    assert (first.video.duration, second.video.duration) == (None, 30.0)


def test_a_csv_beside_a_copy_goes_before_its_own_durations(tmp_path: Path) -> None:
    (tmp_path / "Charades_v1_test.csv").write_text("id,length\nK7QZ2,30.96\n")
    (row,) = read(tmp_path, COPY, "charades_test_release.jsonl")
    assert (row.duration, row.split) == (30.96, "test")


def test_of_the_original_and_a_copy_in_one_folder_the_original_is_read(tmp_path: Path) -> None:
    read(tmp_path, COPY, "charades_train_release.jsonl")
    read(tmp_path, "K7QZ2 3.4 11.0##original")
    assert [row.query for row in charades_sta.read([tmp_path], None)] == ["original"]


@pytest.mark.parametrize("video", ["v_aB3_dE-6hIj", "aB3_dE-6hIj_60.0_210.0", "k7qz2", "s99-d01"])
def test_a_video_that_cannot_be_of_charades_is_an_unreadable_row(video: str, tmp_path: Path) -> None:
    lines = read(tmp_path, f"K7QZ2 3.4 11.0##x\n{video} 3.4 11.0##x")
    copy = read(tmp_path, COPY + "\n" + COPY.replace("K7QZ2", video), "charades_train_release.jsonl")
    for _, broken in (lines, copy):
        assert broken.problem is not None and "no video of Charades" in broken.problem[1]


def test_a_csv_without_lengths_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "Charades_v1_train.csv").write_text("id,seconds\nK7QZ2,3\n")
    with pytest.raises(VtgError, match=r"Charades_v1_train.csv.*length"):
        read(tmp_path, "K7QZ2 3.4 11.0##x")


def test_packed_files_are_read_and_a_plain_one_goes_first(tmp_path: Path) -> None:
    packed = tmp_path / "charades_sta_train.txt.gz"
    packed.write_bytes(gzip.compress(b"K7QZ2 3.4 11.0##packed"))
    assert [row.query for row in charades_sta.read([tmp_path], None)] == ["packed"]
    read(tmp_path, "K7QZ2 3.4 11.0##plain")
    assert [row.query for row in charades_sta.read([tmp_path], None)] == ["plain"]


def test_the_same_file_named_twice_is_read_once(tmp_path: Path) -> None:
    read(tmp_path, "K7QZ2 3.4 11.0##x")
    assert len(list(charades_sta.read([tmp_path, tmp_path / "charades_sta_train.txt"], None))) == 1


def test_the_published_train_split_gives_the_counts_of_its_raw_file() -> None:
    folder = published("corpora", "charades_sta")
    with (folder / "Charades_v1_train.csv").open(newline="") as file:
        lengths = {row["id"]: float(row["length"]) for row in csv.DictReader(file)}
    lines = [line for line in (folder / "charades_sta_train.txt").read_text().split("\n") if line]
    heads = [line.split("##", 1)[0].split(" ") for line in lines]
    backwards = [i for i, (_, start, end) in enumerate(heads) if float(start) >= float(end)]
    late = [i for i, (video, _, end) in enumerate(heads) if float(end) > lengths[video] and i not in backwards]
    blank = [i for i, line in enumerate(lines) if "  " in line.split("##", 1)[1].strip() and i not in backwards]
    assert (len(lines), len(backwards), len(late), len(blank)) == (12_408, 4, 1_802, 33)

    outcomes = list(normalise(charades_sta.read([folder], None), charades_sta.CORPUS))
    assert [i for i, each in enumerate(outcomes) if isinstance(each, Drop)] == backwards
    assert {each.reason for each in outcomes if isinstance(each, Drop)} == {"reversed"}
    assert positions(outcomes, "end_past_video") == late
    assert positions(outcomes, "query_blanks") == blank
    ids = {each.sample_id for each in outcomes if isinstance(each, Sample)}
    assert len(ids) == charades_sta.CORPUS.splits[0].rows - len(backwards)  # type: ignore[operator]


def test_lighthouse_s_copy_is_the_published_train_split_without_its_reversed_rows() -> None:
    folder = published("corpora", "charades_sta")
    path = folder / "lighthouse" / "charades_train_release.jsonl"
    raw = [json.loads(line) for line in path.read_text().splitlines()]
    blanks = sum("  " in row["query"].strip() for row in raw)
    assert (len(raw), len({row["vid"] for row in raw}), blanks) == (12_404, 5_336, 33)
    assert len(raw) in charades_sta.CORPUS.splits[0].copies

    copy, original = ingested("charades_sta", [path]), ingested("charades_sta", [folder])
    assert len(copy.samples) == len(raw) and not copy.drops
    assert copy.repairs == {"query_blanks": blanks}
    # The csv was given to the original only; lengths and ends agree all the same, to the hundredth.
    assert {s.sample_id: s.query for s in copy.samples} == {s.sample_id: s.query for s in original.samples}
    ends = {s.sample_id: s.windows[0].end for s in original.samples}
    assert all(each.windows[0].end == pytest.approx(ends[each.sample_id], abs=0.011) for each in copy.samples)


def positions(outcomes: list[Sample | Drop], code: str) -> list[int]:
    return [
        i
        for i, each in enumerate(outcomes)
        if isinstance(each, Sample) and code in {repair.code for repair in each.repairs}
    ]
