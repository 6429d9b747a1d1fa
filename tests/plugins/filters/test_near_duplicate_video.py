"""Real videos, encoded anew and cut: each is found, with its place in the longer one, and nothing else."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.builders import make_sample
from support.drawn_videos import encoded
from support.published import published
from vtgdata.files import plugins
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.records import FrameSampling, Sample, Video
from vtgdata.stages import curate
from vtgdata.video.store import FrameStore

DUPLICATES = plugins.load("filters", "near_duplicate_video")
DIFFERENT = (
    "OHOFG.mp4", "R6llTwEh07w.mp4", "SOX5yA1l24A.mp4", "WUzgd7C1pWA.mp4", "big_buck_bunny_0_30.webm", "bikes.mp4",
    "bigbuckbunny.mp4", "carphone_pristine.mp4", "chaplin.mp4", "charades.mp4", "cockatoo.mp4", "demo1.mp4",
    "demo3.mp4", "example1.mp4", "hitting_baseball.mp4", "jesse_dance.mp4", "test_clip_10s.mp4", "v_GGSY1Qvo990.mp4",
    "v_SoccerJuggling_g23_c01.avi", "video0.mp4", "women_long_jump.mp4", "yoga.mp4",
)  # fmt: skip
HARSH: dict[str, dict[str, Any]] = {
    "_small.mp4": {"filters": "scale=160:-2", "options": {"crf": "36", "preset": "ultrafast"}},
    "_mpeg4.avi": {"filters": "scale=320:240", "codec": "mpeg4", "bit_rate": 150_000},
    "_slow.mkv": {"filters": "null", "rate": 6, "options": {"crf": "30", "preset": "ultrafast"}},
}
CUTS = {"OHOFG.mp4": (11.3, 12.0), "chaplin.mp4": (3.7, 4.5), "R6llTwEh07w.mp4": (6.4, 7.0)}
"""Where a part begins, and for how long it goes on, in seconds."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))


def left(folder: Path, names: list[str], **more: Any) -> dict[str, tuple[str, str]]:
    """What curate leaves out of one sample a file: by name, its reason and detail."""
    samples = [sample(name) for name in names]
    write_samples(folder / "samples.parquet", samples)
    curate.run(
        curate.Settings(
            file=str(folder / "samples.parquet"), out=str(folder / "out"), filters=["near_duplicate_video"],
            videos=str(folder / "videos"), frames=str(folder / "frames"), short_side=112, **more,
        )
    )  # fmt: skip
    drops = read_parquet(folder / "out" / "drops.parquet")
    return {row["sample_id"]: (row["reason"], row["detail"]) for row in drops}


def sample(name: str) -> Sample:
    made = make_sample(name, windows=[(0, 1)])
    return Sample(**{f: getattr(made, f) for f in made.__struct_fields__} | {"video": Video(video_id=name, file=name)})


def linked(folder: Path) -> Path:
    source = published("videos")
    folder.mkdir(parents=True)
    for name in DIFFERENT:
        os.link(source / name, folder / name) if same_disk(source, folder) else shutil.copy(source / name, folder)
    return folder


def same_disk(one: Path, other: Path) -> bool:
    return False if not os.access(one, os.W_OK) else one.stat().st_dev == other.stat().st_dev


@pytest.mark.slow
def test_re_encodes_and_cuts_of_real_videos_are_found_and_nothing_else(tmp_path: Path) -> None:
    videos = linked(tmp_path / "videos")
    wanted = {}
    for name in ("chaplin.mp4", "v_GGSY1Qvo990.mp4"):
        for ending, options in HARSH.items():
            copy = name.removesuffix(".mp4") + ending
            encoded(videos / name, videos / copy, **options)
            wanted[copy] = ("same_video", name, None)
    for name, (start, length) in CUTS.items():
        cut = name.replace(".mp4", "_cut.mp4")
        encoded(videos / name, videos / cut, start=start, length=length, **HARSH["_small.mp4"])
        wanted[cut] = ("cut_of_video", name, start)
    found = left(tmp_path, [*DIFFERENT, *wanted], fps=8.0, num_frames=2048)
    assert set(found) == set(wanted)
    for name, (reason, of, start) in wanted.items():
        assert found[name][0] == reason and of in found[name][1]
        if start is not None:
            said = re.search(r"from ([\d.]+) s on", found[name][1])
            assert said and float(said[1]) == pytest.approx(start, abs=0.25)


def test_of_a_cut_and_its_source_the_first_stays_whichever_it_is(tmp_path: Path) -> None:
    videos = linked(tmp_path / "videos")
    cut = "OHOFG_part.mp4"
    encoded(videos / "OHOFG.mp4", videos / cut, start=5, length=15, **HARSH["_small.mp4"])
    ((name, (reason, detail)),) = left(tmp_path, [cut, *DIFFERENT[:6]], fps=8.0, num_frames=2048).items()
    assert (name, reason) == ("OHOFG.mp4", "source_of_video")
    assert re.match(r"holds OHOFG_part.mp4 from (4.9|5.0|5.1) s on, for 15.0 s", detail)


def test_frames_that_show_nothing_make_no_copies(tmp_path: Path) -> None:
    from support.builders import draw_video

    for i in range(3):
        draw_video(tmp_path / "videos" / f"{i}.mp4", seconds=4 + i, grey=60 + 20 * i)
    assert left(tmp_path, ["0.mp4", "1.mp4", "2.mp4"]) == {}


def test_what_cannot_be_seen_stays_unless_it_must_be_seen(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").write_text("<html>")
    store = FrameStore(tmp_path, FrameSampling(frames=8), tmp_path / "frames")
    assert DUPLICATES.keep([sample("x.mp4")], store.frames) == []
    ((_, reason, detail),) = DUPLICATES.keep([sample("x.mp4")], store.frames, keep_unknown=False)
    assert (reason, detail) == ("video_unseen", "the video is not a video (an HTML page)")


def test_an_offset_is_that_of_most_frames_not_of_a_scene_that_comes_twice() -> None:
    chance = np.random.default_rng(0)
    scenes = chance.integers(0, 2**63, size=40, dtype=np.uint64)
    scenes[30:33] = scenes[10:13]

    def shown(first: int, last: int) -> Any:
        video = Video(video_id=f"{first}", file=f"{first}.mp4")
        return DUPLICATES.Shown(video, float(last - first), 1.0, np.arange(last - first) * 1.0, scenes[first:last])

    found = DUPLICATES.match(shown(10, 20), shown(0, 40))
    assert (found.offset, found.near, found.compared) == (10.0, 10, 10)
    assert DUPLICATES.match(shown(0, 10), shown(20, 40)) is None
