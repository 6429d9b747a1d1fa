"""check and curate with --executor ray write the bytes that one process writes."""

import shutil
import sys
from pathlib import Path

import pytest

from support.builders import make_sample
from support.drawn_videos import draw
from support.published import published
from vtgdata.errors import RowsFailed, VtgError
from vtgdata.files.samples import write_samples
from vtgdata.stages import check, curate

LAB = '''"""Lab: drops samples whose video has a wide first picture."""
import io

from PIL import Image

LOOKS = True


def keep(samples, frames, *, most: float = 1.6):
    for sample in samples:
        width, height = Image.open(io.BytesIO(frames(sample.video).images[0])).size
        if width / height > most:
            yield sample.sample_id, "wide", f"{width} x {height}"
'''


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Samples on eight videos, two of them a benchmark's; three show the same (v7 too); v1 is wide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab/wide.py").write_text(LAB)
    (tmp_path / "videos").mkdir()
    rows = []
    for place in range(8):
        corpus, split = ("charades_sta", "test") if place > 5 else ("mine", "train")
        rows += [
            make_sample(
                f"s{place}:{query}", query=f"a dog jumps {query}", video_id=f"v{place}", corpus=corpus, split=split
            )
            for query in range(3)
        ]
        draw(tmp_path / f"videos/v{place}.mp4", 20, size=(128, 64) if place == 1 else (64, 64))
        if place in (0, 4, 7):
            shutil.copy(published("videos") / "women_long_jump.mp4", tmp_path / f"videos/v{place}.mp4")
    write_samples(tmp_path / "samples.parquet", rows)
    return tmp_path


def curated(out: str, *filters: str, executor: str = "") -> dict[str, bytes]:
    asked = curate.Settings(
        file="samples.parquet",
        out=out,
        filters=list(filters),
        videos="videos",
        num_frames=8,
        executor=executor,
        shards=3,
    )
    assert curate.run(asked).drops > 0
    return {name: (Path(out) / name).read_bytes() for name in ("samples.parquet", "drops.parquet")}


def checked(out: str, executor: str = "") -> bytes:
    with pytest.raises(RowsFailed):
        check.run(check.Settings(files=["samples.parquet"], out=out, videos="videos", executor=executor, shards=3))
    return (Path(out) / "check.json").read_bytes().replace(out.encode(), b"OUT")


@pytest.mark.slow
@pytest.mark.parametrize("filters", [("lab.wide", "duration:low=1"), ("near_duplicate_video",)])
def test_looking_filters_drop_the_same_on_a_cluster(world: Path, filters: tuple[str, ...]) -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    assert curated("there", *filters, executor="ray") == curated("here", *filters)


@pytest.mark.slow
def test_copies_of_a_benchmark_are_found_on_a_cluster(world: Path) -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    there = checked("there", "ray")
    assert there == checked("here") and b"v7.mp4 of a benchmark shows" in there


def test_without_ray_it_says_what_to_install(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(VtgError, match=r"vtgdata\[ray\]"):
        curated("out", "lab.wide", executor="ray")
    with pytest.raises(VtgError, match=r"vtgdata\[ray\]"):
        check.run(check.Settings(files=["samples.parquet"], videos="videos", executor="ray"))
