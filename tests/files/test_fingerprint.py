import os
import sqlite3
import sys
import threading
from pathlib import Path

import pytest

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint
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


def test_a_video_replaced_by_one_of_its_size_and_time_is_noticed(tmp_path: Path) -> None:
    video, other = touched(tmp_path / "videos/a.mp4"), touched(tmp_path / "b.mp4", b"y")
    before, times = fingerprint.of_listing(tmp_path / "videos"), video.stat()
    while other.stat().st_ctime_ns == times.st_ctime_ns:
        touched(other, b"y")  # until the clock of the file system has ticked
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    other.replace(video)
    assert fingerprint.of_listing(tmp_path / "videos") != before


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


@pytest.fixture
def unnamed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No variable names a cache folder; the home."""
    for name in ("VTGDATA_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other folders")
def test_on_linux_the_cache_lies_in_the_home_or_where_the_desktop_says(
    unnamed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fingerprint.cache_folder() == unnamed / ".cache/vtgdata"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert fingerprint.cache_folder() == unnamed / ".cache/vtgdata"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "desktop"))
    assert fingerprint.cache_folder() == tmp_path / "desktop/vtgdata"
    monkeypatch.setenv("VTGDATA_CACHE", "near")
    assert fingerprint.cache_folder() == Path("near")
    assert not unnamed.exists() and not (tmp_path / "desktop").exists()


@pytest.mark.skipif(os.name != "posix", reason="reads the user's entry of the system")
def test_without_the_variable_home_the_systems_own_entry_says_where_it_is(
    unnamed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pwd

    monkeypatch.delenv("HOME")
    assert fingerprint.cache_folder().is_relative_to(pwd.getpwuid(os.getuid()).pw_dir)


@pytest.mark.skipif(os.name != "posix", reason="users are numbers")
def test_a_user_without_any_home_has_fingerprints_and_is_told_what_to_name(
    unnamed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)  # whom the system has no entry for
    with pytest.raises(VtgError, match="VTGDATA_CACHE"):
        fingerprint.cache_folder()
    assert len(fingerprint.of_file(large(tmp_path / "a.mp4"))) == 64
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "named"))
    assert fingerprint.cache_folder() == tmp_path / "named"


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were written just now count as written long ago."""
    monkeypatch.setattr(fingerprint, "_settled", lambda stat: True)


def forget() -> None:
    """Begin as a new process does."""
    fingerprint._read.clear()


@pytest.mark.usefixtures("settled")
def test_a_large_file_is_read_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = large(tmp_path / "a.mp4")
    known = fingerprint.of_file(video)
    with monkeypatch.context() as patched:
        patched.setattr(fingerprint, "_hash", lambda path: pytest.fail("read again"))
        assert fingerprint.of_file(video) == fingerprint.of_bytes(video) == known
        forget()
        assert fingerprint.of_file(video) == known, "a new process believes the memory"
    large(video, b"b")
    os.utime(video, ns=(1, 1))
    assert fingerprint.of_file(video) != known


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("how", ["in place", "replaced"])
def test_other_bytes_of_the_same_size_and_time_are_seen(how: str, tmp_path: Path) -> None:
    video = large(tmp_path / "a.mp4")
    times, known = video.stat(), fingerprint.of_file(video)
    changed = video if how == "in place" else tmp_path / "b.mp4"
    while changed.exists() and video.stat().st_ctime_ns == times.st_ctime_ns:
        large(changed, b"b")  # until the clock of the file system has ticked
    os.utime(large(changed, b"b"), ns=(times.st_atime_ns, times.st_mtime_ns))
    changed.replace(video)
    assert video.stat().st_mtime_ns == times.st_mtime_ns
    for _ in range(2):
        assert fingerprint.of_file(video) == fingerprint.of_bytes(video) != known
        forget()


@pytest.mark.usefixtures("settled")
def test_a_memory_is_not_believed_for_what_is_read(tmp_path: Path, memory: Path) -> None:
    video = large(tmp_path / "a.mp4")
    known = fingerprint.of_file(video)
    with sqlite3.connect(memory / "hashes.sqlite") as db:
        db.execute("UPDATE stamped SET hash = 'rotten'")  # as if bytes had changed and no time had
    forget()
    assert fingerprint.of_file(video) == "rotten"
    assert fingerprint.of_bytes(video) == known


def test_what_was_written_a_moment_ago_is_not_remembered(tmp_path: Path) -> None:
    """A second change may come within one tick of the file system's clock."""
    video = large(tmp_path / "a.mp4")
    os.utime(video, (2e9, 2e9))
    fingerprint.of_file(video)
    assert not fingerprint._read or video.resolve().as_posix() not in fingerprint._read


def test_several_files_are_read_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [large(tmp_path / name) for name in "ab"]
    both, hashed = threading.Barrier(2, timeout=20), fingerprint._hash
    monkeypatch.setattr(fingerprint, "_hash", lambda path: (both.wait(), hashed(path))[1])
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    found = fingerprint.of_all_bytes([*paths, tmp_path / "gone"])
    assert found[paths[0]] == found[paths[1]] and isinstance(found[tmp_path / "gone"], FileNotFoundError)


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
