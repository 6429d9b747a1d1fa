from pathlib import Path
from typing import Any

import pytest

from support.builders import draw_video
from vtgdata.errors import RowsFailed, VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import read_samples
from vtgdata.files.step import json_values
from vtgdata.stages import ingest

TOY = '''
"""A corpus of somebody else's, in a module of their own."""
from vtgdata.annotations import sources, text
from vtgdata.records import Corpus, RawRow, Split

CORPUS = Corpus(
    name="toy", title="Toy", summary="", license="CC0-1.0", license_link="", license_confidence="A", homepage="",
    citation="", grid=None,
    splits=(Split(name="train", files=("train.txt",), rows=3), Split(name="test", files=("test.txt",), benchmark=True)),
)

def read(paths, split):
    for source in sources.find(paths, CORPUS, split):
        for number, line in text.lines(source.path):
            video, start, end, query = line.split(" ", 3)
            yield RawRow(
                origin=f"{source.path.name}:{number}", raw=line, video_id=video, file=f"{video}.mp4", query=query,
                windows=[(float(start), float(end))], split=source.split, duration=10.0,
            )
'''


@pytest.fixture(autouse=True)
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A corpus plug-in that is nobody's but this test's: `toys.toy`."""
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    (tmp_path / "toys").mkdir()
    (tmp_path / "toys" / "toy.py").write_text(TOY)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("toys", "toys.toy"):
        monkeypatch.delitem(__import__("sys").modules, name, raising=False)
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "train.txt").write_text("v1 1 4  a dog\nv1 2 12 a cat\nv2 9 3 a cow\n")
    (raw / "test.txt").write_text("v3 9 3 a hen\nv3 1 2 a cock\n")


def run(tmp_path: Path, **more: Any) -> ingest.Summary:
    settings: dict[str, Any] = {"corpus": "toys.toy", "paths": [str(tmp_path / "raw")], "out": str(tmp_path / "out")}
    return ingest.run(ingest.Settings(**(settings | more)))


def test_the_summary_counts_every_row_repair_and_reason(tmp_path: Path) -> None:
    summary = run(tmp_path)
    assert json_values(summary) == {
        "corpus": "toy",
        "records": 5,
        "rows": 5,
        "samples": 4,
        "drops": 1,
        "repairs": {"query_blanks": 1, "end_past_video": 1, "reversed": 1},
        "reasons": {"reversed": 1},
        "out": str(tmp_path / "out"),
        "published": {"train": {"published": 3, "read": 3}, "test": {"published": None, "read": 2}},
        "empty_windows": 1,
        "no_duration": 0,
        "looks": [],
    }


def test_many_rows_become_the_same_together_as_one_by_one(tmp_path: Path) -> None:
    lines = [f"v{i // 7} {i % 11} {i % 13} a dog  runs {i % 5}\n" for i in range(1_100)]
    (tmp_path / "raw" / "train.txt").write_text("".join(lines))
    together, alone = run(tmp_path), run(tmp_path, out=str(tmp_path / "alone"), limit=10_000)  # a limit: one by one
    assert together.rows == alone.rows == 1_102
    for summary in (together, alone):
        assert summary.drops > 100 and summary.repairs["query_blanks"] > 100 and summary.repairs["query_ambiguous"] > 10
    assert (together.repairs, together.reasons) == (alone.repairs, alone.reasons)
    for name in ("samples.parquet", "drops.parquet"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()


def test_samples_and_drops_are_written_with_their_origin(tmp_path: Path) -> None:
    run(tmp_path)
    samples = read_samples(tmp_path / "out" / "samples.parquet")
    assert [sample.origin for sample in samples] == ["train.txt:1", "train.txt:2", "test.txt:1", "test.txt:2"]
    (drop,) = read_parquet(tmp_path / "out" / "drops.parquet")
    assert (drop["origin"], drop["raw"], drop["corpus"]) == ("train.txt:3", "v2 9 3 a cow", "toy")


def test_a_split_and_a_limit_take_fewer_rows(tmp_path: Path) -> None:
    assert run(tmp_path, split="test").rows == 2
    assert run(tmp_path, limit=2).rows == 2


def test_nothing_changed_means_nothing_is_done_and_a_changed_file_means_all_is(tmp_path: Path) -> None:
    run(tmp_path)
    written = (tmp_path / "out" / "samples.parquet").stat().st_mtime_ns
    assert run(tmp_path).up_to_date is True
    assert (tmp_path / "out" / "samples.parquet").stat().st_mtime_ns == written
    (tmp_path / "raw" / "train.txt").write_text("v1 1 4 a dog\n")
    assert run(tmp_path).rows == 3


def test_a_changed_corpus_module_is_a_change(tmp_path: Path) -> None:
    run(tmp_path)
    with (tmp_path / "toys" / "toy.py").open("a") as file:
        file.write("# changed\n")
    assert not run(tmp_path).up_to_date


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    run(tmp_path)
    run(tmp_path, out=str(tmp_path / "again"))
    for name in ("samples.parquet", "drops.parquet"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_videos_are_probed_and_their_durations_clamp(tmp_path: Path) -> None:
    for name in ("v1", "v2", "v3"):
        draw_video(tmp_path / "videos" / f"{name}.mp4", seconds=3.0)
    summary = run(tmp_path, videos=str(tmp_path / "videos"))
    assert summary.videos == {"ok": 2, "missing": 0, "unreadable": 0}
    samples = read_samples(tmp_path / "out" / "samples.parquet")
    assert [sample.video.duration for sample in samples] == [pytest.approx(3.0)] * 4
    assert [sample.windows[0].end for sample in samples if sample.windows] == [pytest.approx(3.0)] * 2 + [2.0]


def test_missing_and_unreadable_videos_end_in_a_failure_after_everything_is_written(tmp_path: Path) -> None:
    draw_video(tmp_path / "videos" / "v9.mp4")
    (tmp_path / "videos" / "v1.mp4").write_text("<html>")
    with pytest.raises(
        RowsFailed, match=r"2 of 2 video files .* 1 missing, 1 unreadable. .*v1.mp4 .*--max-failed"
    ) as caught:
        run(tmp_path, videos=str(tmp_path / "videos"))
    assert caught.value.summary.videos == {"ok": 0, "missing": 1, "unreadable": 1}
    samples = read_samples(tmp_path / "out" / "samples.parquet")
    statuses = [sample.video.status for sample in samples]
    assert statuses == [*["not a video (an HTML page)"] * 2, "missing", "missing"]
    assert not run(tmp_path, videos=str(tmp_path / "videos"), max_failed=1.0).up_to_date


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"videos": "empty"}, "no video files under"),
        ({"videos": "absent"}, "no such file or folder"),
        ({"paths": ["absent"]}, "no such file or folder"),
        ({"paths": []}, "no annotation file"),
        ({"split": "val"}, "no split 'val'"),
        ({"limit": 0}, "--limit 0"),
        ({"max_failed": 2.0}, "--max-failed"),
        ({"corpus": "no_such_corpus"}, "no corpora plug-in 'no_such_corpus'"),
        ({"corpus": "toys.absent"}, "no module"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(
    wrong: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(VtgError, match=said):
        run(tmp_path, **wrong)
    assert not (tmp_path / "out").exists()


def test_a_wrong_file_leaves_an_earlier_result_as_it_is(tmp_path: Path) -> None:
    run(tmp_path)
    (tmp_path / "raw" / "train.txt").write_text("")
    with pytest.raises(VtgError, match="empty"):
        run(tmp_path)
    assert len(read_samples(tmp_path / "out" / "samples.parquet")) == 4


def test_a_licence_in_other_words_than_spdx_s_is_refused_before_anything_is_written(tmp_path):
    path = tmp_path / "i14_train.jsonl"
    path.write_text('{"qid": 1, "query": "q", "vid": "K7QZ1", "duration": 60, "relevant_windows": [[1, 2]]}\n')
    settings = ingest.Settings(
        corpus="moment_jsonl", paths=[str(path)], name="Yes", license="CC BY 4.0", out=str(tmp_path / "n")
    )
    with pytest.raises(VtgError, match=r"did you mean 'CC-BY-4\.0'"):
        ingest.run(settings)
    assert not (tmp_path / "n").exists()
