"""`vtgdata videos bind`: files that were renamed, moved, copied or changed, as a user meets them."""

import json
import os
from pathlib import Path

import pytest

from support.drawn_videos import draw
from support.videos_command import on, samples, summary, vtgdata
from vtgdata.errors import VideoChanged
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import read_samples
from vtgdata.video.find import find

BIND = ("videos", "bind", "--samples", "samples.parquet", "--videos", "videos", "--out", "b", "--json")
NAMES = ("a", "b", "c")


@pytest.fixture
def bound(tmp_path: Path) -> Path:
    """Three videos, bound while their names are right."""
    for number, name in enumerate(NAMES):
        draw(tmp_path / f"videos/{name}.mp4", 20 + number)
    samples(tmp_path, *(on(name) for name in NAMES))
    found = summary(vtgdata(*BIND, cwd=tmp_path))
    assert (found["statuses"], found["bound"]) == ({"ok": 3}, {"name": 3})
    return tmp_path


def path_of(folder: Path, name: str) -> str | None:
    path = find(folder / "videos").path(f"{name}.mp4", name)
    return None if path is None else str(path.relative_to(folder / "videos"))


def test_bound_again_without_change_does_nothing(bound):
    written = (bound / "videos/vtgdata-bindings.json").stat().st_mtime_ns
    assert summary(vtgdata(*BIND, cwd=bound))["up_to_date"]
    assert (bound / "videos/vtgdata-bindings.json").stat().st_mtime_ns == written


def test_files_that_were_renamed_and_moved_are_found_by_their_bytes(bound):
    root = bound / "videos"
    (root / "deep").mkdir()
    (root / "a.mp4").rename(root / "deep/video 17.mkv")
    # Two that changed names: by name each would be taken for the other.
    (root / "b.mp4").rename(root / "t")
    (root / "c.mp4").rename(root / "b.mp4")
    (root / "t").rename(root / "c.mp4")
    verify = ("videos", "verify", "--samples", "samples.parquet", "--videos", "videos", "--out", "v", "--json")
    # The names are there, with other bytes: nothing stands in.
    assert summary(vtgdata(*verify, cwd=bound), 3)["statuses"] == {"changed": 2, "missing": 1}
    found = summary(vtgdata(*BIND, cwd=bound))
    assert found["bound"] == {"content": 3}
    assert [path_of(bound, name) for name in NAMES] == ["deep/video 17.mkv", "c.mp4", "b.mp4"]
    assert summary(vtgdata(*verify, "--tolerance", 0.5, cwd=bound))["statuses"] == {"ok": 3}
    paths = [row["path"] for row in read_parquet(bound / "v/verified.parquet")]
    assert paths == ["deep/video 17.mkv", "c.mp4", "b.mp4"]


def test_other_bytes_under_the_name_are_never_taken_unless_accepted(bound):
    draw(bound / "videos/a.mp4", 50)
    with pytest.raises(VideoChanged, match="bind it again"):
        path_of(bound, "a")
    found = summary(vtgdata(*BIND, cwd=bound), 3)
    assert found["statuses"] == {"ok": 2, "changed": 1} and path_of(bound, "a") is None
    assert summary(vtgdata(*BIND, "--accept", cwd=bound))["bound"] == {"name": 2, "accepted": 1}
    assert path_of(bound, "a") == "a.mp4"


def test_hashes_hold_in_another_folder_and_from_a_published_list(bound):
    root = bound / "videos"
    rows = {row["file"]: row["sha256"] for row in read_parquet(bound / "b/bound.parquet")}
    (bound / "sums.txt").write_text("".join(f"{content}  some/where/{file}\n" for file, content in rows.items()))
    (root / "vtgdata-bindings.json").rename(bound / "known.json")
    for number, name in enumerate(NAMES):
        (root / f"{name}.mp4").rename(root / f"{number}.mp4")
    assert path_of(bound, "a") is None
    for known in ("known.json", "sums.txt"):
        assert summary(vtgdata(*BIND, "--known", known, cwd=bound))["bound"] == {"content": 3}
        assert [path_of(bound, name) for name in NAMES] == ["0.mp4", "1.mp4", "2.mp4"]
        (root / "vtgdata-bindings.json").unlink()


def test_two_files_of_the_same_bytes_are_one_and_two_that_differ_are_told(tmp_path):
    same = draw(tmp_path / "videos/one/a.mp4", 20).read_bytes()
    for copy in ("two/a.mp4", "b.mp4"):
        (tmp_path / "videos" / copy).parent.mkdir(exist_ok=True)
        (tmp_path / "videos" / copy).write_bytes(same)
    draw(tmp_path / "videos/one/c.mp4", 20)
    draw(tmp_path / "videos/two/c.mp4", 21)
    samples(tmp_path, *(on(name) for name in NAMES))
    found = summary(vtgdata(*BIND, cwd=tmp_path), 3)
    assert (found["statuses"], found["same_bytes"]) == ({"ok": 2, "ambiguous": 1}, 1)
    rows = {row["video_id"]: row for row in read_parquet(tmp_path / "b/bound.parquet")}
    assert (rows["a"]["path"], rows["b"]["same_as"]) == ("one/a.mp4", "a.mp4")
    assert path_of(tmp_path, "a") == "one/a.mp4"


def test_bindings_cannot_lead_out_of_the_folder_and_wrong_ones_say_so(bound):
    path = bound / "videos/vtgdata-bindings.json"
    document = json.loads(path.read_text())
    draw(bound / "secret.mp4", 20)
    document["videos"]["a.mp4"] |= {"path": "../secret.mp4", "bytes": (bound / "secret.mp4").stat().st_size}
    path.write_text(json.dumps(document))
    assert path_of(bound, "a") is None
    path.write_text("{}")
    done = vtgdata(*BIND, cwd=bound)
    assert done.returncode == 1 and "vtgdata-bindings.json: is no file of bindings" in done.stderr
    (bound / "sums.txt").write_text("no sum\n")
    path.unlink()
    done = vtgdata(*BIND, "--known", "sums.txt", cwd=bound)
    assert done.returncode == 1 and "sums.txt:1: is no line of sha256sum" in done.stderr


@pytest.mark.slow
def test_a_command_runs_again_when_a_video_was_bound_to_another_file(bound):
    warm = ("videos", "warm", "--samples", "samples.parquet", "--videos", "videos", "--out", "w", "--json")
    vtgdata(*warm, cwd=bound)
    assert summary(vtgdata(*warm, cwd=bound))["up_to_date"]
    path = bound / "videos/vtgdata-bindings.json"
    document = json.loads(path.read_text())
    document["videos"]["a.mp4"] = document["videos"]["b.mp4"]
    path.write_text(json.dumps(document))
    assert "up_to_date" not in summary(vtgdata(*warm, cwd=bound))


def test_known_hashes_of_two_files_of_one_name_are_those_of_the_file_in_the_same_folder(tmp_path):
    for number, place in enumerate(("train", "test")):
        draw(tmp_path / f"videos/{place}/0001.mp4", 20 + number)
    samples(tmp_path, on("train/0001"), on("test/0001"))
    first = summary(vtgdata(*BIND, cwd=tmp_path))
    assert first["statuses"] == {"ok": 2}
    held = json.loads((tmp_path / "videos/vtgdata-bindings.json").read_text())["videos"]
    assert held["train/0001.mp4"]["content"] != held["test/0001.mp4"]["content"]
    sums = "".join(f"{held[f'{place}/0001.mp4']['content']}  ./data/{place}/0001.mp4\n" for place in ("train", "test"))
    (tmp_path / "sums.txt").write_text(sums)
    (tmp_path / "videos/vtgdata-bindings.json").unlink()
    found = summary(vtgdata(*BIND, "--known", "sums.txt", cwd=tmp_path))
    assert (found["statuses"], found["bound"]) == ({"ok": 2}, {"name": 2})
    samples(tmp_path, on("0001"))
    assert summary(vtgdata(*BIND, "--known", "sums.txt", cwd=tmp_path), 3)["statuses"] == {"ambiguous": 1}


LOOKS = {
    "ingest": "ingest moment_jsonl raw.jsonl --split train --name mine --license MIT {videos} --max-failed 1",
    "check": "check samples.parquet {videos}",
    "curate": "curate samples.parquet --filter near_duplicate_video {videos}",
    "videos verify": "videos verify --samples samples.parquet {videos} --max-failed 1",
    "videos proxy": "videos proxy --samples samples.parquet {videos} --max-failed 1",
    "videos warm": "videos warm --samples samples.parquet {videos} --num-frames 2 --max-failed 1",
    "score-difficulty": (
        "score-difficulty --samples samples.parquet --model scripted:samples.parquet {videos} --num-frames 2 --n 1 "
        "--allow benchmarks --max-failed 1"
    ),
}


@pytest.mark.parametrize(
    "command", [name if name == "videos warm" else pytest.param(name, marks=pytest.mark.slow) for name in LOOKS]
)
def test_a_bound_file_with_other_bytes_of_the_same_size_and_times_is_taken_by_no_command(command, bound):
    """Bytes rot, and tools put times back: every command that looks at videos reads what was bound."""
    path = bound / "videos/a.mp4"
    times, raw = path.stat(), bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    rows = [{"video": f"{name}.mp4", "duration": 4.0, "query": "a dog", "windows": [[1, 2]]} for name in NAMES]
    (bound / "raw.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = vtgdata(*LOOKS[command].format(videos="--videos videos").split(), "--out", "o", "--json", cwd=bound)
    assert done.returncode in (0, 3), done.stderr
    if command == "curate":  # it names no video that it does not see
        assert len(list((bound / "cache/frames").rglob("*.parquet"))) == 2
        return
    said = done.stdout + "".join(
        str(read_parquet(file)) for file in (bound / "o").glob("*.parquet") if file.name != "samples.parquet"
    )
    if command == "ingest":
        said += str([sample.video.status for sample in read_samples(bound / "o/samples.parquet")])
    assert "changed: other bytes than when it was bound" in said or "changed since it was bound" in said
