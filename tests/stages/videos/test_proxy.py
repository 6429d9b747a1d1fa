"""`vtgdata videos proxy` on real videos: times stay what they are, and nothing else is trusted."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from support.builders import make_sample
from support.drawn_videos import draw, encoded, number, repacked
from support.videos_command import samples, summary, vtgdata
from vtgdata.files.samples import read_samples
from vtgdata.plugins.decoders import pyav
from vtgdata.records import Sample, Video

DATA = Path(os.environ.get("VTGDATA_TEST_DATA", "/nowhere")) / "videos"
PROXY = ("videos", "proxy", "--samples", "samples.parquet", "--videos", "videos", "--out", "p", "--json")


def of(file: str, **more: object) -> Sample:
    video = Video(video_id=Path(file).stem, file=file, **more)
    return make_sample(f"test:{file}", windows=[]).__class__(
        sample_id=f"test:{file}", corpus="test", split="train", video=video, query="a dog jumps", windows=()
    )


def shown(path: Path) -> np.ndarray:
    """When each frame is shown, in seconds from the first, by decoding them all."""
    with av.open(str(path), metadata_errors="ignore") as container:
        stream = container.streams.video[0]
        ticks: list[int] = []
        for frame in container.decode(stream):
            tick = frame.dts if container.format.name == "avi" else frame.pts
            ticks.append(ticks[-1] + (frame.duration or 1) if tick is None else tick)
        return np.array([float((tick - ticks[0]) * stream.time_base) for tick in ticks])


REAL = [
    "derived/v_GGSY1Qvo990_rot90meta.mp4", "video_180.mov", "big_buck_bunny_432_433.webm", "demo.mp4", "av1_video.mkv",
    "TrumanShow_wave_f_nm_np1_fr_med_26.avi", "h264_10bits.mp4", "transparent.webm", "-video-with-dash-.mp4",
]  # fmt: skip


@pytest.fixture
def real(tmp_path: Path) -> Path:
    """Real videos; one of them also as one that starts at 5 s, and with frames at unequal times."""
    if not DATA.is_dir():
        pytest.skip("needs the folder of real videos: set VTGDATA_TEST_DATA")
    root = tmp_path / "videos"
    root.mkdir()
    for file in REAL:
        shutil.copy(DATA / file, root)
    repacked(DATA / "realshort.mp4", root / "at5.mkv", later=5)
    repacked(DATA / "demo.mp4", root / "broadcast.ts", later=5)
    # Five frames of each fifteen, at their own times.
    encoded(DATA / "video0.mp4", root / "uneven.mp4", "select=not(mod(floor(n/5)\\,3))", length=8)
    return tmp_path


def test_the_times_of_a_proxy_are_those_of_the_original(real):
    tmp_path = real
    names = sorted(path.name for path in (real / "videos").iterdir())
    samples(tmp_path, *(of(name) for name in names))
    found = summary(vtgdata(*PROXY, "--short-side", 64, "--jobs", 2, cwd=tmp_path))
    assert found["statuses"] == {"ok": len(names)} and found["made"] == len(names)
    kinds = set()
    for name in names:
        source, proxy = tmp_path / "videos" / name, tmp_path / "p/videos" / f"{name.rpartition('.')[0]}.mp4"
        before, after = pyav.probe(source), pyav.probe(proxy)
        kinds |= {("start", before.start_time > 1), ("turned", before.rotation > 0), ("variable", before.variable)}
        times = shown(source)
        assert len(shown(proxy)) == len(times), name
        # An AVI has no presentation times, and readers guess them by up to a frame.
        np.testing.assert_allclose(
            shown(proxy), times, atol=1 / before.fps if name.endswith("avi") else 0.001, err_msg=name
        )
        assert abs(after.duration - before.duration) <= 1 / (before.fps or 1) + 0.001, name
        assert (after.streams, after.rotation) == (("video h264",), 0)
        assert min(after.width, after.height) <= 64 and (after.width > after.height) == (before.width > before.height)
        asked = [before.duration * share for share in (0.0, 0.31, 0.62, 0.93)]
        (old, old_times), (new, new_times) = pyav.frames(source, asked), pyav.frames(proxy, asked)
        assert np.abs(np.array(old_times) - new_times).max() <= 1 / (before.fps or 1) + 0.001, name
        assert all(alike(one, other) for one, other in zip(old, new, strict=True)), name
    assert {("start", True), ("turned", True), ("variable", True)} <= kinds


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two pictures of different sizes show the same: their brightness in 8 x 8 fields, out of 255."""
    first, second = (
        np.asarray(Image.fromarray(image).convert("L").resize((8, 8), Image.Resampling.BOX), int)
        for image in (one, other)
    )
    return float(np.abs(first - second).mean()) < 3


@pytest.mark.parametrize("fps", [2, pytest.param(None, marks=pytest.mark.slow)])
def test_a_cut_of_a_longer_video_begins_with_the_frame_on_show_there(tmp_path, fps):
    # Five a second, 100 s, started at 7 s on the file's clock; frame k is on show from k / 5.
    draw(tmp_path / "videos/SOURCE.mkv", 500, start=7, codec="libx264")
    samples(
        tmp_path,
        of("SOURCE_60.5_70.5.mp4", source_id="SOURCE", source_start=60.5, duration=10.0),
        of("SOURCE_0_4.mp4", source_id="SOURCE", source_start=0.0, duration=4.0),
        of("SOURCE_95_120.mp4", source_id="SOURCE", source_start=95.0, duration=25.0),
    )
    given = (*PROXY, "--short-side", 64, *(("--fps", fps) if fps else ()))
    found = summary(vtgdata(*given, cwd=tmp_path), 3)
    assert (found["statuses"], found["cuts"]) == ({"ok": 2, "unreadable": 1}, 2)
    path = tmp_path / "p/videos/SOURCE_60.5_70.5.mp4"
    assert pyav.probe(path).duration == pytest.approx(10.0, abs=1e-4)
    asked = [0.0, 0.05, 3.0, 9.4]
    images, _ = pyav.frames(path, asked)
    # At a time t of the cut is what the source shows at 60.5 + t; with fewer frames, at the last of their times.
    expected = [int((60.5 + (t if fps is None else int(t * fps) / fps)) * 5 + 1e-6) for t in asked]
    assert [number(image) for image in images] == expected
    assert number(pyav.frames(tmp_path / "p/videos/SOURCE_0_4.mp4", [0.0])[0][0]) == 0


def test_a_proxy_needs_no_program(tmp_path):
    draw(tmp_path / "videos/a.mp4", 20)
    samples(tmp_path, of("a.mp4"))
    assert summary(vtgdata(*PROXY, cwd=tmp_path, PATH=""))["statuses"] == {"ok": 1}


def test_proxies_are_made_once_and_made_again_when_their_video_changed(tmp_path):
    for name in ("a", "b"):
        draw(tmp_path / f"videos/{name}.mp4", 20)
    samples(tmp_path, of("a.mp4"), of("b.mp4"))
    assert summary(vtgdata(*PROXY, cwd=tmp_path))["made"] == 2
    assert summary(vtgdata(*PROXY, cwd=tmp_path))["up_to_date"]
    kept = (tmp_path / "p/videos/b.mp4").stat().st_mtime_ns
    draw(tmp_path / "videos/a.mp4", 30)
    left = tmp_path / "p/videos/.b.mp4.999999999.tmp"
    left.write_bytes(b"half of a proxy")
    os.utime(left, (1e9, 1e9))
    assert summary(vtgdata(*PROXY, cwd=tmp_path))["made"] == 1
    assert (tmp_path / "p/videos/b.mp4").stat().st_mtime_ns == kept and not left.exists()
    assert pyav.probe(tmp_path / "p/videos/a.mp4").duration == 6.0
    # The proxies serve as videos.
    verify = ("videos", "verify", "--samples", "samples.parquet", "--videos", "p/videos", "--out", "v", "--json")
    assert summary(vtgdata(*verify, cwd=tmp_path))["statuses"] == {"ok": 2}


def test_what_is_no_video_or_has_no_safe_name_gets_no_proxy_and_touches_nothing(tmp_path):
    root = tmp_path / "videos"
    whole = draw(root / "whole.mp4", 100)
    (root / "list.mp4").write_text("#EXTM3U\n#EXTINF:4,\n/etc/passwd\n")
    (root / "concat.mp4").write_text(f"ffconcat version 1.0\nfile '{whole}'\n")
    shutil.copy(draw(root / "t.mkv", 100), root / "cut.mkv")
    (root / "cut.mkv").write_bytes((root / "t.mkv").read_bytes()[:-2000])
    shutil.copy(whole, root / "-i.mp4")
    shutil.copy(whole, root / "evil.mp4")
    samples(tmp_path, *(of(name) for name in ("list.mp4", "concat.mp4", "cut.mkv", "-i.mp4", "http:x.mp4")))
    rows = [*read_samples(tmp_path / "samples.parquet"), of("../evil.mp4")]
    samples(tmp_path, *rows)
    found = summary(vtgdata(*PROXY, cwd=tmp_path), 3)
    assert found["statuses"] == {"not a video": 2, "truncated": 1, "ok": 1, "missing": 1, "unreadable": 1}
    assert [path.name for path in (tmp_path / "p/videos").iterdir()] == ["-i.mp4"]
    assert not (tmp_path / "p/evil.mp4").exists()
    assert json.loads((tmp_path / "p/meta.json").read_text())["complete"] is False


def test_two_videos_never_share_a_proxy(tmp_path):
    draw(tmp_path / "videos/a.mp4", 20)
    samples(tmp_path, of("a.mp4"), of("a.avi"))
    done: subprocess.CompletedProcess[str] = vtgdata(*PROXY, cwd=tmp_path)
    assert done.returncode == 1 and "would both have the proxy 'a.mp4'" in done.stderr
