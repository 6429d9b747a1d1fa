"""What a release would refuse is refused before a teacher or a student is asked, and paid for."""

from pathlib import Path

import msgspec
import pytest

from support.builders import draw_video, make_sample
from support.servers import Server, seeded
from vtgdata.cli.app import run
from vtgdata.engine.unreleasable import TrainingSettings
from vtgdata.files.samples import write_samples
from vtgdata.stages import coldstart, difficulty

ASK = {
    "build-coldstart": [],
    "score-difficulty": [],
    "adaptive": ["--adaptive", "mean_iou:0.2:0.8:0.2", "--n", "2", "--max-n", "4"],
    "batch export": ["--batch", "batch"],
    "dry run": ["--dry-run"],
    "recipe": [],
}
"""Every way to ask about rows to train on."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def asked(way: str, server: Server, *more: str) -> int:
    """The exit code of one way to ask about samples.parquet."""
    if way == "recipe":
        allow = f", allow: [{more[1]}]" if more else ""
        Path("mine.yaml").write_text(
            "out: runs\nsteps:\n  - {id: traces, command: build-coldstart, samples: samples.parquet, model: "
            f"'openai_api:tiny', endpoint: ['{server.url}'], videos: videos, num_frames: 4{allow}}}\n"
        )
        return run(["run", "mine.yaml", "-q"])
    command = way if way.startswith("build") else "score-difficulty"
    return run([
        command, "--samples", "samples.parquet", "--videos", "videos", "--num-frames", "4", "--frames", "frames",
        "--model", "openai_api:tiny", "--endpoint", server.url, "--out", "out", "-q", *ASK[way], *more,
    ])  # fmt: skip


def with_video() -> None:
    draw_video(Path("videos/v.mp4"), grey=60)


@pytest.mark.parametrize("way", ASK)
def test_activitynet_s_val_rows_are_refused_before_the_first_request(folder, capsys, way):
    with_video()
    rows = [make_sample(f"a{i}", video_id="v", duration=4.0) for i in range(3)]
    rows = [msgspec.structs.replace(row, corpus="activitynet_captions", split="val_1") for row in rows]
    write_samples(folder / "samples.parquet", rows)
    with Server(seeded) as server:
        assert asked(way, server) == 1
        said = capsys.readouterr().err
        assert "1 of the videos asked about are in benchmarks" in said and "'val_1'" in said and "--allow bench" in said
        assert not server.requests and not (folder / "out").exists() and not (folder / "batch").exists()
        assert asked(way, server, "--allow", "benchmarks") == 0
        assert bool(server.requests) == (way not in ("batch export", "dry run"))


def test_a_training_row_whose_video_another_corpus_reports_on_is_refused(folder, capsys):
    """Told by the source, as of a release; `--where` chooses other rows, and the file keeps its benchmark."""
    with_video()
    row = make_sample("t", video_id="v", duration=4.0)
    mine = msgspec.structs.replace(
        row, split="train", video=msgspec.structs.replace(row.video, source_id="YOUTUBE0001")
    )
    held = msgspec.structs.replace(mine, sample_id="b", corpus="activitynet_captions", split="val_1")
    fine = msgspec.structs.replace(
        row, sample_id="f", split="train", video=msgspec.structs.replace(row.video, video_id="w")
    )
    write_samples(folder / "samples.parquet", [mine, held, fine])
    draw = ["--where", "split == 'train'"]
    with Server(seeded) as server:
        assert asked("build-coldstart", server, *draw) == 1
        assert "which is in activitynet_captions's benchmark split 'val_1'" in capsys.readouterr().err
        assert not server.requests
        assert asked("build-coldstart", server, "--where", "sample_id == 'f'", "--max-failed", "1") == 0


@pytest.mark.parametrize("way", ASK)
def test_rows_that_their_licence_keeps_back_are_refused_before_the_first_request(folder, capsys, way):
    with_video()
    row = make_sample("t", video_id="v", duration=4.0)
    write_samples(folder / "samples.parquet", [msgspec.structs.replace(row, license="LicenseRef-Ego4D")])
    with Server(seeded) as server:
        assert asked(way, server) == 6
        said = capsys.readouterr().err
        assert "LicenseRef-Ego4D (test)" in said and "--allow licences" in said and not server.requests
        assert asked(way, server, "--allow", "licences") == 0


def test_licences_that_each_want_the_whole_are_refused_and_one_nobody_read_is_said(folder, capsys):
    with_video()
    row = make_sample("t", video_id="v", duration=4.0)
    both = [
        msgspec.structs.replace(row, sample_id=name, license=name, corpus=name) for name in ("CC-BY-SA-4.0", "ODbL-1.0")
    ]
    write_samples(folder / "samples.parquet", both)
    with Server(seeded) as server:
        assert asked("build-coldstart", server) == 6
        assert "CC-BY-SA-4.0 (CC-BY-SA-4.0); ODbL-1.0 (ODbL-1.0) each want all rows" in capsys.readouterr().err
        assert not server.requests


def test_every_command_that_makes_rows_to_train_on_checks_them():
    assert issubclass(coldstart.Settings, TrainingSettings) and issubclass(difficulty.Settings, TrainingSettings)
