import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtgdata.errors import VtgError
from vtgdata.video.find import Videos, find


def root_with(tmp_path, *names):
    for name in names:
        path = tmp_path / "videos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "videos"


def test_a_video_is_found_by_its_file_name_in_any_folder(tmp_path):
    root = root_with(tmp_path, "train/a.mp4", "deep/er/b.webm")
    videos = find(root)
    assert videos.path("a.mp4") == root / "train/a.mp4"
    assert videos.path("b.webm") == root / "deep/er/b.webm"


def test_a_video_in_another_container_is_found_by_its_stem(tmp_path):
    root = root_with(tmp_path, "v_abc.mkv", "s13-d21.part.2.mp4")
    assert find(root).path("v_abc.mp4") == root / "v_abc.mkv"
    assert find(root).path("v_abc") == root / "v_abc.mkv"
    assert find(root).path("s13-d21.part.2") == root / "s13-d21.part.2.mp4"


def test_a_video_that_its_folder_tells_apart_is_found_there_alone_in_any_container(tmp_path):
    root = root_with(tmp_path, "data/test/0001.mp4", "data/train/0001.mkv")
    videos = find(root)
    assert videos.path("train/0001.mp4", "train/0001") == root / "data/train/0001.mkv"
    assert videos.path("test/0001.mp4", "test/0001") == root / "data/test/0001.mp4"
    assert videos.path("val/0001.mp4", "val/0001") is None


def test_the_id_finds_what_the_file_name_does_not(tmp_path):
    root = root_with(tmp_path, "abc.mp4")
    assert find(root).path("videos_0017.mp4", "abc") == root / "abc.mp4"


def test_the_file_name_goes_before_the_stem(tmp_path):
    root = root_with(tmp_path, "a.mp4", "a.mkv")
    assert find(root).path("a.mkv", "a") == root / "a.mkv"


def test_two_files_that_match_are_an_error_that_names_both(tmp_path):
    root = root_with(tmp_path, "one/a.mp4", "two/a.mp4", "b.mp4", "b.mkv")
    for file, names in (("a.mp4", "one/a.mp4 and two/a.mp4"), ("b.webm", "b.mkv and b.mp4")):
        with pytest.raises(VtgError, match=names):
            find(root).path(file)


@pytest.mark.parametrize(
    "name",
    [
        "../outside.mp4",
        "../outside",
        "{root}/../outside.mp4",
        "/etc/passwd",
        "../../etc/passwd",
        "a\0.mp4",
        "",
        ".",
        "..",
    ],
)
def test_no_name_leads_out_of_the_root(name, tmp_path):
    root = root_with(tmp_path, "a.mp4", "../outside.mp4")
    name = name.format(root=root)
    assert find(root).path(name, name) is None


@given(st.text(), st.text())
def test_any_text_is_a_name_that_is_found_or_not(file, video_id):
    videos = Videos(None, {"a.mp4": ["the file"]}, {"a": ["the file"]})
    assert videos.path(file, video_id) in (None, "the file")


def test_accents_match_however_they_are_composed(tmp_path):
    root = root_with(tmp_path, "cafe\u0301.mp4")
    assert find(root).path("caf\u00e9.mp4") is not None


def test_linked_folders_are_followed_and_circles_end(tmp_path):
    root = root_with(tmp_path, "a.mp4", "../elsewhere/b.mp4")
    (root / "more").symlink_to(tmp_path / "elsewhere")
    (root / "again").symlink_to(root)
    assert find(root).path("b.mp4") == root / "more/b.mp4"
    assert find(root).path("a.mp4") == root / "a.mp4"


def test_a_root_without_videos_says_what_to_do(tmp_path):
    root = root_with(tmp_path, "notes.txt", "._a.mp4", ".cache/b.mp4")
    with pytest.raises(VtgError, match=r"no video files under .*--videos"):
        find(root)
    with pytest.raises(VtgError, match=r"no such folder.*--videos"):
        find(tmp_path / "nowhere")
