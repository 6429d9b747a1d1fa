import gzip
import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import queryd
from vtgdata.records import Drop, RawRow, Sample

CAPTIONS = {"video-aB3_dE-6hIj": [["a", "dog", "jumps"], ["it", "rests"]], "video--_a0bZ_c1dE": [["it", "snows"]]}
TIMES = {"video-aB3_dE-6hIj": [[12.125, 15.5], [20.25, 20.25]], "video--_a0bZ_c1dE": [[3, 9.5]]}
NAMES = ("raw_captions_combined_filtered-v2", "times_captions_combined_filtered-v2")


def write(folder: Path, kind: str = "pkl", captions: Any = CAPTIONS, times: Any = TIMES) -> list[Path]:
    paths = [folder / f"{name}.{kind}" for name in NAMES]
    for path, value in zip(paths, (captions, times), strict=True):
        path.write_bytes(pickle.dumps(value, 2) if kind == "pkl" else json.dumps(value).encode())
    (folder / "train_list.txt").write_text("video-aB3_dE-6hIj\n")
    (folder / "test_list.txt").write_text("video--_a0bZ_c1dE\n")
    return paths


def rows(paths: list[Path], split: str | None = None) -> list[RawRow]:
    return list(queryd.read(paths, split))


def test_the_published_pickles_give_a_row_for_each_caption_with_the_split_of_its_list(tmp_path: Path) -> None:
    write(tmp_path)
    first, second, third = rows([tmp_path])
    assert (first.video_id, first.source_id, first.file) == ("aB3_dE-6hIj", "aB3_dE-6hIj", "aB3_dE-6hIj.mp4")
    assert (first.query, first.windows, first.split) == ("a dog jumps", [(12.125, 15.5)], "train")
    assert first.origin == "raw_captions_combined_filtered-v2.pkl#video-aB3_dE-6hIj/0"
    assert (second.windows, third.video_id, third.split) == ([(20.25, 20.25)], "-_a0bZ_c1dE", "test")


def test_pickles_their_json_and_one_document_of_both_give_the_same_samples(tmp_path: Path) -> None:
    found: list[list[tuple[str, str, Any]]] = []
    for kind in ("pkl", "json"):
        (tmp_path / kind).mkdir()
        write(tmp_path / kind, kind)
    one = {key: {"captions": CAPTIONS[key], "times": TIMES[key]} for key in CAPTIONS}
    (tmp_path / "pkl/queryd.json.kept").write_text(json.dumps(one))
    for path in (tmp_path / "pkl", tmp_path / "json", tmp_path / "pkl/queryd.json.kept"):
        found.append([(row.video_id, row.query, row.windows, row.split) for row in rows([path])])
    assert found[0] == found[1] == found[2] and len(found[0]) == 3


def test_a_conversion_beside_its_pickle_is_read_instead_of_it(tmp_path: Path) -> None:
    write(tmp_path, "pkl")
    write(tmp_path, "json")
    assert [row.origin.partition("#")[0] for row in rows([tmp_path])] == [f"{NAMES[0]}.json"] * 3


def test_packed_pickles_and_other_versions_of_them_are_found(tmp_path: Path) -> None:
    for path in write(tmp_path):
        name = path.name.replace("-v2", "")
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert len(rows([tmp_path])) == 3


def test_a_caption_whose_start_is_its_end_is_dropped(tmp_path: Path) -> None:
    write(tmp_path)
    outcomes = list(normalise(rows([tmp_path]), queryd.CORPUS))
    assert [each.reason if isinstance(each, Drop) else "" for each in outcomes] == ["", "zero_length", ""]


def test_durations_of_videomind_clamp_ends(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "durations.json").write_text('{"aB3_dE-6hIj": 14.5}')
    sample = next(normalise(rows([tmp_path]), queryd.CORPUS))
    assert isinstance(sample, Sample)
    assert (sample.video.duration, sample.windows[0].end) == (14.5, 14.5)


def test_a_split_reads_the_videos_of_its_list_only(tmp_path: Path) -> None:
    write(tmp_path)
    assert [row.query for row in rows([tmp_path], "test")] == ["it snows"]


def test_a_video_of_no_list_is_a_drop_that_says_so(tmp_path: Path) -> None:
    paths = write(tmp_path)
    (tmp_path / "test_list.txt").unlink()
    *_, last = normalise(rows(paths), queryd.CORPUS)
    assert isinstance(last, Drop) and last.reason == "no_split"
    assert len(rows(paths, "train")) == 2


def test_without_lists_the_split_must_be_named_and_is_that_of_all(tmp_path: Path) -> None:
    paths = write(tmp_path)
    for name in ("train_list.txt", "test_list.txt"):
        (tmp_path / name).unlink()
    with pytest.raises(VtgError, match=r"raw_captions.*nothing tells the splits.*--split"):
        rows(paths)
    assert {row.split for row in rows(paths, "val")} == {"val"}


def test_captions_and_times_of_unlike_number_are_a_fault_of_the_whole_video(tmp_path: Path) -> None:
    write(tmp_path, times=TIMES | {"video-aB3_dE-6hIj": [[12.125, 15.5]]})
    first, second, third = rows([tmp_path])
    assert first.problem == second.problem == ("unreadable_row", "the video has 2 captions and 1 times")
    assert third.problem is None


def test_times_without_captions_and_captions_without_times_are_rows_too(tmp_path: Path) -> None:
    captions = {key: value for key, value in CAPTIONS.items() if key.startswith("video-a")}
    times = {key: value for key, value in TIMES.items() if key.startswith("video--")}
    (tmp_path / "val_list.txt").write_text("video-v_abcdefghi\n")
    write(tmp_path, captions=captions | {"video-v_abcdefghi": [["a"]]}, times=times | {"video-v_abcdefghi": [[1, 2]]})
    found = rows([tmp_path])
    assert [row.problem is not None for row in found] == [True, True, False, True]
    assert len({row.origin for row in found}) == 4


def test_captions_whose_times_are_missing_and_times_alone_are_refused(tmp_path: Path) -> None:
    captions, times = write(tmp_path)
    lone = captions.rename(tmp_path / "captions.pkl")
    with pytest.raises(VtgError, match="the times alone"):
        rows([times])
    times.unlink()
    with pytest.raises(VtgError, match=r"captions\.pkl: its times are missing.*times_captions"):
        rows([lone])


def test_a_pickle_of_anything_but_words_and_numbers_is_refused_with_how_to_convert_it(tmp_path: Path) -> None:
    paths = write(tmp_path, times={"video-aB3_dE-6hIj": {1, 2}})
    with pytest.raises(VtgError, match=r"times_captions.*\.pkl: not a pickle that is read here.*json\.dump"):
        rows(paths)
