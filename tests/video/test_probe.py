from drawn_videos import draw, real
from vtgdata.video.probe import Prober


def test_a_file_gives_its_duration_and_ok(tmp_path):
    draw(tmp_path / "sub/a.mp4", 30, 4)
    assert Prober(tmp_path)("a.mp4") == (7.5, "ok")


def test_a_missing_file_is_missing(tmp_path):
    draw(tmp_path / "a.mp4", 2)
    assert Prober(tmp_path)("../b.mp4") == (None, "missing")


def test_an_unreadable_file_says_why_without_its_folder(tmp_path):
    draw(tmp_path / "a.mp4", 2)
    (tmp_path / "b.mp4").write_text("<html>404</html>")
    duration, status = Prober(tmp_path)("b.mp4")
    assert duration is None
    assert status.startswith("unreadable: ")
    assert str(tmp_path) not in status


def test_a_file_is_opened_once(tmp_path):
    draw(tmp_path / "a.mp4", 5)
    prober = Prober(tmp_path)
    first = prober("a.mp4")
    (tmp_path / "a.mp4").unlink()
    assert prober("a.mp4") == first
    assert prober("a") == first


def test_normalise_takes_the_probed_duration(tmp_path):
    from vtgdata.normalise import normalise
    from vtgdata.records import Corpus, RawRow, Split

    draw(tmp_path / "a.mp4", 30, 4)
    row = RawRow(
        origin="x:1", raw="", video_id="a", file="a.mp4", query="q", windows=[(1.0, 9.0)], split="train", duration=9.0
    )
    corpus = Corpus(
        name="x", title="", summary="", splits=(Split(name="train", files=()),), license="", license_link="",
        license_confidence="C", homepage="", citation="", grid=None,
    )  # fmt: skip
    (sample,) = normalise([row], corpus, Prober(tmp_path))
    assert (sample.video.duration, sample.video.status) == (7.5, "ok")
    assert sample.windows[0].end == 7.5


def test_real_files_of_every_kind_have_a_status():
    prober = Prober(real("OHOFG.mp4").parent)
    assert prober("OHOFG.mp4")[0] == 35.1415
    assert prober("-video-with-dash-.mp4") == (5.0, "ok")
    assert prober("pinknoise-vorbis.mkv") == (None, "unreadable: no video stream")
    assert prober("zero_bytes.mp4")[1].startswith("unreadable: not a readable video")
