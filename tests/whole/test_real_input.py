"""The whole way on real annotations of real videos: TVGBench's row of a Charades video, ActivityNet's of another."""

import os
import shutil
from pathlib import Path

import pytest

from vtgdata.errors import RowsFailed
from vtgdata.files.parquet import read_parquet
from vtgdata.stages import coldstart, difficulty, ingest

DATA = Path(os.environ.get("VTGDATA_TEST_DATA") or "none")
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="VTGDATA_TEST_DATA names no folder of real corpora")


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in ("OHOFG.mp4", "v_GGSY1Qvo990.mp4"):
        shutil.copy(DATA / "videos" / name, folder / name)
    return folder


def ingested(corpus: str, file: Path, videos: Path, out: Path, **more) -> str:
    settings = ingest.Settings(corpus=corpus, paths=[str(file)], videos=str(videos), out=str(out), **more)
    with pytest.raises(RowsFailed, match="missing"):
        ingest.run(settings)
    return str(out / "samples.parquet")


def test_tvgbench_row_of_a_real_charades_video(videos, tmp_path):
    path = ingested("tvgbench", DATA / "corpora/tvgbench/tvgbench.json", videos, tmp_path / "data")
    settings = coldstart.Settings(
        samples=path, where="video_status = 'ok'", videos=str(videos), out=str(tmp_path / "traces"),
        model=f"scripted:samples={path},errors=0,noise=0.02", num_frames=8, short_side=112,
        frames=str(tmp_path / "frames"), allow=["benchmarks"],
    )  # fmt: skip
    summary = coldstart.run(settings)
    assert summary.samples == summary.traces == 1
    trace = next(t for t in read_parquet(tmp_path / "traces/traces.parquet") if t["kept"])
    assert trace["annotation_windows"] == [[1.0, 7.5]]
    assert len(trace["frame_times"]) == 8
    assert trace["frame_times"] == sorted(trace["frame_times"]) and trace["frame_times"][-1] < 35.2


def test_activitynet_events_of_a_real_video_asked_of_a_real_model(videos, tmp_path):
    pytest.importorskip("torch", reason="needs vtgdata[train]")
    from vtgdata.demo import tiny

    path = ingested("activitynet_captions", DATA / "corpora/activitynet_captions/val_1.json", videos, tmp_path / "data")
    tokenizer = tiny.build_tokenizer()
    tiny.build_model(tokenizer, seed=1).save_pretrained(tmp_path / "tiny")
    tiny.build_processor(tokenizer).save_pretrained(tmp_path / "tiny")
    settings = difficulty.Settings(
        samples=path, where="video_status = 'ok'", videos=str(videos), out=str(tmp_path / "hard"), n=2, max_tokens=8,
        model=f"transformers_local:{tmp_path / 'tiny'}", num_frames=6, short_side=28, concurrency=6,
        frames=str(tmp_path / "frames"), allow=["benchmarks"],
    )  # fmt: skip
    summary = difficulty.run(settings)
    assert (summary.samples, summary.rollouts, summary.n_failed) == (3, 6, 0)
    rates = read_parquet(tmp_path / "hard/pass_rates.parquet")
    # An untrained model answers nothing that can be read: that is data, with IoU 0, and counted.
    assert all(rate["n"] == 2 and rate["ious"] == [0.0, 0.0] and rate["n_unparsed"] == 2 for rate in rates)
