import os
from pathlib import Path

import pytest

from vtgdata import fingerprint
from vtgdata.video.find import find


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def touched(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def large(path: Path, byte: bytes = b"a") -> Path:
    return touched(path, byte * (1 << 20))


def test_a_video_replaced_behind_a_linked_folder_is_noticed(tmp_path: Path) -> None:
    root = tmp_path / "videos"
    root.mkdir()
    (root / "more").symlink_to(tmp_path / "disk")
    video = touched(tmp_path / "disk" / "a.mp4")
    before = fingerprint.of_listing(root)
    assert find(root).path("a.mp4") == root / "more/a.mp4"
    touched(video, b"another")
    assert fingerprint.of_listing(root) != before


def test_a_folder_that_is_linked_in_a_circle_is_listed_and_ends(tmp_path: Path) -> None:
    touched(tmp_path / "videos/a.mp4")
    before = fingerprint.of_listing(tmp_path / "videos")
    (tmp_path / "videos/again").symlink_to(tmp_path / "videos")
    assert fingerprint.of_listing(tmp_path / "videos") == before


def test_outputs_written_among_the_videos_do_not_make_a_step_redo_itself(tmp_path: Path) -> None:
    touched(tmp_path / "a.mp4")
    before = fingerprint.of_listing(tmp_path)
    touched(tmp_path / "out/samples.parquet")
    touched(tmp_path / "out/.a.mp4.7.tmp")
    assert fingerprint.of_listing(tmp_path) == before
    touched(tmp_path / "b.mp4")
    assert fingerprint.of_listing(tmp_path) != before


def test_a_linked_video_that_comes_back_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/a.mp4").symlink_to(tmp_path / "disk/a.mp4")
    before = fingerprint.of_listing(tmp_path / "videos")
    touched(tmp_path / "disk/a.mp4")
    assert fingerprint.of_listing(tmp_path / "videos") != before


def test_names_that_are_not_utf_8_have_fingerprints(tmp_path: Path, memory: Path) -> None:
    try:
        video = large(Path(os.fsdecode(os.fsencode(tmp_path) + b"/videos/caf\xe9.mp4")))
    except OSError:
        pytest.skip("this file system takes no such name")
    assert len(fingerprint.of_listing(video.parent)) == 64
    assert len(fingerprint.of_path(video.parent)) == 64
    assert fingerprint.of_file(video) == fingerprint.of_file(large(tmp_path / "same.mp4"))
    assert (memory / "hashes.sqlite").is_file()


@pytest.mark.parametrize("folder", ["/dev/null/x", "{tmp}/file", "{tmp}/file/deeper", "{tmp}/torn"])
def test_a_cache_that_cannot_be_written_leaves_videos_readable(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched(tmp_path / "file")
    touched(tmp_path / "torn/hashes.sqlite", b"no database, not at all" * 100)
    video = large(tmp_path / "a.mp4")
    known = fingerprint.of_file(video)
    monkeypatch.setenv("VTGDATA_CACHE", folder.format(tmp=tmp_path))
    assert fingerprint.of_file(video) == known


def test_a_large_file_is_read_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = large(tmp_path / "a.mp4")
    known = fingerprint.of_file(video)
    with monkeypatch.context() as patched:
        patched.setattr(fingerprint, "_hash", lambda path: pytest.fail("read again"))
        assert fingerprint.of_file(video) == known
    large(video, b"b")
    os.utime(video, ns=(1, 1))
    assert fingerprint.of_file(video) != known


def test_a_file_that_is_gone_is_an_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        fingerprint.of_file(tmp_path / "gone.mp4")


def test_a_file_that_cannot_be_read_is_an_error_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(fingerprint, "_hash", refuse)
    with pytest.raises(PermissionError):
        fingerprint.of_file(large(tmp_path / "a.mp4"))


def test_a_folder_is_its_names_and_bytes_without_hidden_files_and_meta(tmp_path: Path) -> None:
    touched(tmp_path / "made/a.txt")
    before = fingerprint.of_path(tmp_path / "made")
    touched(tmp_path / "made/.hidden")
    touched(tmp_path / "made/meta.json")
    assert fingerprint.of_path(tmp_path / "made") == before
    touched(tmp_path / "made/b/a.txt")
    assert fingerprint.of_path(tmp_path / "made") != before
