"""What an earlier version made is read, continued and pushed: tests/before/ was written by commit a9bac0f.

`release` by `release_builders.write_inputs`; `difficulty/journal.sqlite` by `score-difficulty` of 4 answers each to the
first 7 of the 12 samples, with four small drawn videos.
"""

import shutil
from pathlib import Path

import pytest

from support.release_builders import make_release, make_sample, write_inputs
from support.servers import Server
from vtgdata import releases
from vtgdata.files.parquet import read_parquet
from vtgdata.stages import difficulty, push

BEFORE = Path(__file__).parent / "before"
FIRST, N = 7, 4


@pytest.fixture
def before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(BEFORE, tmp_path / "before")
    monkeypatch.chdir(tmp_path / "before")
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "before"


def answer(body, number: int) -> str:
    return f"<think>I see it.</think><answer>0.{body['seed'] % 7} to 1.{body['seed'] % 5}</answer>"


def score(server: Server, **changes) -> dict:
    values = {
        "samples": "samples.parquet", "videos": "videos", "out": "difficulty", "model": "openai_api:tiny",
        "endpoint": [server.url], "n": N, "seed": 7, "num_frames": 4, "short_side": 28,
    }  # fmt: skip
    return difficulty.run(difficulty.Settings(**values | changes))


def test_a_full_journal_of_before_asks_nothing(before: Path):
    with Server(answer) as server:
        summary = score(server, limit=FIRST)
        assert server.requests == []
    assert summary.rollouts == FIRST * N
    assert {row["error"] for row in read_parquet(before / "difficulty/rollouts.parquet")} == {None}


def test_a_half_filled_journal_of_before_is_continued_without_one_request_too_many(before: Path):
    with Server(answer) as server:
        summary = score(server)
        assert len(server.requests) == (12 - FIRST) * N
        seeds = {request.seed for request in server.requests}
    assert summary.rollouts == 12 * N and summary.n_failed == 0
    assert len(seeds) == (12 - FIRST) * N, "no answer is asked for twice"


def test_a_release_of_before_is_read_and_pushed(before: Path, tmp_path: Path):
    old = releases.open_release(str(before / "release"))
    old.check_all()
    assert len(old.rows("samples", "train")) == 7 and len(old.rows("coldstart")) == 7
    push.run(push.Settings(release=str(before / "release"), target=str(tmp_path / "pushed")))
    assert releases.open_release(str(tmp_path / "pushed")).content == old.content


def test_a_release_of_before_has_a_following_version(before: Path, tmp_path: Path):
    inputs = write_inputs(tmp_path, train=5)
    made = make_release(tmp_path / "next", inputs, "1.1.0", previous=str(before / "release"))
    added = [row["sample_id"] for row in releases.open_release(str(made)).rows("samples", "train")]
    assert make_sample(4).sample_id in added
