"""check, curate and build-coldstart with --executor ray write the bytes that one process writes."""

import shutil
import sys
from pathlib import Path

import msgspec
import polars as pl
import pytest

from support.builders import make_sample
from support.drawn_videos import draw
from support.published import published
from vtgdata.errors import RowsFailed, VtgError
from vtgdata.files.samples import write_samples
from vtgdata.stages import check, coldstart, curate

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


@pytest.fixture
def answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Samples whose answers are stored, in `asked`."""
    monkeypatch.chdir(tmp_path)
    samples = [make_sample(f"t:{n}", windows=[(5.0, 10.0)], video_id=f"v{n}") for n in range(600)]
    write_samples(tmp_path / "samples.parquet", samples)
    says = ["<think>The door opens.</think><answer>5.0 to 9.0</answer>", "It is 20.0 to 25.0.", "words"]
    (tmp_path / "texts.json").write_bytes(msgspec.json.encode({sample.sample_id: says for sample in samples}))
    verified("asked", rollouts="", concurrency=1)
    return tmp_path


def verified(out: str, **changes) -> dict[str, bytes]:
    values = {"samples": "samples.parquet", "model": "support.told_teacher:texts.json", "n": 3, "out": out,
              "rollouts": "asked/rollouts.parquet", "per_sample": 0}  # fmt: skip
    coldstart.run(coldstart.Settings(**values | changes))
    return {name: (Path(out) / name).read_bytes() for name in ("rollouts.parquet", "traces.parquet")}


@pytest.mark.slow
def test_stored_answers_are_verified_the_same_on_a_cluster_and_no_shard_is_left(answered: Path) -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    assert verified("there", executor="ray", workers=2) == verified("here") == verified("asked", rollouts="")
    assert not list(answered.rglob("shard-*"))
    rows = pl.read_parquet("asked/rollouts.parquet")
    rows.filter(pl.arange(pl.len()) != 1700).write_parquet("asked/rollouts.parquet")
    with pytest.raises(VtgError, match="has no answer 2 to 't:566'"):
        verified("lacking", executor="ray")


def test_without_ray_it_says_what_to_install(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(VtgError, match=r"vtgdata\[ray\]"):
        curated("out", "lab.wide", executor="ray")
    with pytest.raises(VtgError, match=r"vtgdata\[ray\]"):
        check.run(check.Settings(files=["samples.parquet"], videos="videos", executor="ray"))


def test_without_ray_verification_says_what_to_install(answered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(VtgError, match=r"vtgdata\[ray\]"):
        verified("out", executor="ray")
