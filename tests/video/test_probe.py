import time

import av
import pytest

from support.drawn_videos import draw, real
from vtgdata.video import containers, decode
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
    assert status == "not a video (an HTML page)"
    assert str(tmp_path) not in status


def test_a_file_is_opened_once(tmp_path):
    draw(tmp_path / "a.mp4", 5)
    prober = Prober(tmp_path)
    first = prober("a.mp4")
    (tmp_path / "a.mp4").unlink()
    assert prober("a.mp4") == first
    assert prober("a") == first


def test_normalise_takes_the_probed_duration(tmp_path):
    from vtgdata.annotations.normalise import normalise
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
    assert prober("pinknoise-vorbis.mkv") == (None, "no video stream")
    assert prober("zero_bytes.mp4") == (None, "not a video (an empty file)")


def test_broken_files_of_every_kind_have_their_status_within_10_s_each(tmp_path):
    whole = real("v_GGSY1Qvo990.mp4").read_bytes()
    broken = bytearray(whole)
    start = whole.index(b"mdat") + 4
    broken[start + 60_000 : start + 300_000 : 7] = bytes(len(broken[start + 60_000 : start + 300_000 : 7]))
    files = {
        "truncated": whole[: len(whole) // 2],
        "no_index": real("demo3.mp4").read_bytes()[:50_000],
        "html": b"<!DOCTYPE html><title>404</title>",
        "empty": b"",
        "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
        "text": b"not a video at all",
        "bad_nal_units": bytes(broken),
        "audio_only": real("small/mp4-with-audio.mp4").read_bytes(),
        "rotated": real("derived/v_GGSY1Qvo990_rot90meta.mp4").read_bytes(),
        "fragmented": real("derived/OHOFG_fragmented.mp4").read_bytes(),
    }
    for name, content in files.items():
        (tmp_path / f"{name}.mp4").write_bytes(content)
    (tmp_path / "no_duration.webm").write_bytes(real("derived/v_GGSY1Qvo990_vp9.webm").read_bytes())
    draw(tmp_path / "started_at_5_s.ts", 50, 10, start=5)
    prober, found, slowest = Prober(tmp_path), {}, 0.0
    for path in sorted(tmp_path.iterdir()):
        began = time.monotonic()
        found[path.stem] = prober(path.name)
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 10
    assert found.pop("no_index")[1].startswith("unreadable: not a readable video")
    assert found == {
        "truncated": (None, "truncated at 9.1 s"),
        "html": (None, "not a video (an HTML page)"),
        "empty": (None, "not a video (an empty file)"),
        "pointer": (None, "not a video (a pointer of Git LFS)"),
        "text": (None, "not a video (no known container)"),
        "bad_nal_units": (pytest.approx(18.044, abs=0.001), "ok"),
        "audio_only": (None, "no video stream"),
        "rotated": (pytest.approx(18.044, abs=0.001), "ok"),
        "fragmented": (35.1415, "ok"),
        "no_duration": (pytest.approx(18.094, abs=0.001), "ok"),
        "started_at_5_s": (pytest.approx(5.0, abs=0.001), "ok"),
    }


def test_a_video_that_two_files_match_has_a_status_and_the_next_one_is_probed(tmp_path):
    draw(tmp_path / "a/K7QZ2.mp4", 30, 4)
    draw(tmp_path / "b/K7QZ2.mp4", 30, 4)
    draw(tmp_path / "K7QZ3.mp4", 30, 4)
    prober = Prober(tmp_path)
    assert prober("K7QZ2.mp4") == (None, "ambiguous: two files match it")
    assert prober("K7QZ3.mp4")[1] == "ok"


def test_a_recording_in_fragments_that_was_cut_in_one_is_truncated(tmp_path):
    whole = draw(tmp_path / "a.mp4", 100, 10)
    path = tmp_path / "b.mp4"
    with av.open(str(whole)) as old, av.open(str(path), "w", options={"movflags": "frag_keyframe+empty_moov"}) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    assert not decode.probe("pyav", path).truncated
    raw = path.read_bytes()
    for share in (0.6, 0.75, 0.9):
        path.write_bytes(raw[: int(len(raw) * share)])
        assert decode.probe("pyav", path).truncated, share


def test_an_avi_whose_end_is_missing_is_truncated(tmp_path):
    path = draw(tmp_path / "a.avi", 100, 10, codec="mpeg4")
    assert not decode.probe("pyav", path).truncated
    assert containers.avi_length(path) == 10
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert decode.probe("pyav", path).truncated
