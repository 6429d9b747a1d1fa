"""The whole way to a trained model by the command line, with the data served by the Hub alone: push, train from the
tag, push the model, which says what it was trained on."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from support.hub_clients import environment
from support.hub_server import Hub
from support.release_builders import make_release
from vtgdata import releases
from vtgdata.demo import draw
from vtgdata.files.meta import read_meta
from vtgdata.files.parquet import read_parquet
from vtgdata.stages import coldstart, difficulty, ingest, select

pytest.importorskip("trl", reason="needs vtgdata[train]")


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with Hub() as running:
        yield running


class Desk(NamedTuple):
    """Where a user types commands: a folder, and the Hub behind them."""

    folder: Path
    hub: Hub

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "vtgdata", *map(str, words)],
            env=environment(self.hub, self.folder / "home") | {"OMP_NUM_THREADS": "1"},
            cwd=self.folder, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    def done(self, *words: object) -> str:
        finished = self.run(*words)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout


@pytest.fixture(scope="module")
def desk(hub, tmp_path_factory) -> Desk:
    """After a release with traces and rows for RL was pushed, and its folder here taken out of the way."""
    from vtgdata.demo import tiny

    folder = tmp_path_factory.mktemp("work")
    tokenizer = tiny.build_tokenizer()
    tiny.build_model(tokenizer, seed=1).save_pretrained(folder / "base")
    tiny.build_processor(tokenizer).save_pretrained(folder / "base")
    samples, videos = str(folder / "data/samples.parquet"), str(folder / "shapes/videos")
    draw.run(draw.Settings(out=str(folder / "shapes"), videos=16))
    annotations = [str(folder / "shapes/annotations.jsonl")]
    ingest.run(ingest.Settings(corpus="shapes", paths=annotations, videos=videos, out=str(folder / "data")))
    asked = {"samples": samples, "videos": videos, "model": f"scripted:{samples}", "n": 2, "prompt": "shapes"}
    asked |= {"num_frames": 10, "short_side": 28, "frames": str(folder / "frames")}
    traces, rates, chosen = (str(folder / name) for name in ("traces", "hard", "chosen"))
    coldstart.run(coldstart.Settings(out=traces, where="split == 'sft'", keep={"tiou": 0.3}, **asked))
    difficulty.run(difficulty.Settings(out=rates, where="split == 'rl'", **asked))
    select.run(select.Settings(out=chosen, pass_rates=f"{rates}/pass_rates.parquet", selector="uniform", size=4))
    inputs = {"samples": samples, "coldstart": f"{traces}/traces.parquet", "splits": {"rl": f"{chosen}/rows.parquet"}}
    make_release(folder / "release", inputs)
    desk = Desk(folder, hub)
    desk.done("push", "release", "org/shapes")
    (folder / "release").rename(folder / "kept")
    return desk


def train(desk: Desk, what: str, out: str, model: str) -> str:
    small = (
        ["--batch-size", 2]
        if what == "sft"
        else ["--prompts-per-step", 2, "--rollouts", 2, "--max-new-tokens", 8, "--stall", 0]
    )
    words = ["org/shapes@v1.0.0", "--model", model, "--videos", "shapes/videos", "--steps", 2, *small, "--out", out]
    return desk.done("train", what, *words)


@pytest.mark.slow
def test_both_trainers_run_from_a_tag_of_the_hub_and_the_model_says_which(desk: Desk):
    work, hub = desk
    release, commit = releases.open_release(str(work / "kept")), hub.repositories["org/shapes"].tags["v1.0.0"]
    for what, config, model in (("sft", "coldstart", "base"), ("rl", "rl", "sft")):
        said = train(desk, what, what, model)
        assert f"trained on {config} of" in said and f"(org/shapes@v1.0.0, commit {commit[:12]})" in said
        made = read_meta(work / what)
        assert made is not None and made.summary["data"] == {
            "name": release.document.name, "version": "1.0.0", "content": release.content, "repository": "org/shapes",
            "tag": "v1.0.0", "commit": commit, "config": config, "rows": len(release.rows(config)),
        }  # fmt: skip
        rows = release.document.configs[config]["train"]
        assert rows.sha256 in {sha for path, sha in made.inputs.items() if path.endswith(rows.file)}
        assert [json.loads(line)["step"] for line in (work / what / "training.jsonl").open()] == [1, 2]
        assert read_parquet(work / "kept" / rows.file) == release.rows(config)
    desk.done("push", "rl", "org/student")
    files = hub.repositories["org/student"].files
    dataset: dict[str, Any] = json.loads(files["model.json"])["dataset"]
    assert (dataset["repository"], dataset["tag"], dataset["commit"]) == ("org/shapes", "v1.0.0", commit)
    card = files["README.md"].decode()
    assert yaml.safe_load(card.split("\n---\n")[0])["datasets"] == ["org/shapes"]
    assert f"`org/shapes@v1.0.0` on the Hub (commit `{commit}`)" in card and release.content in card


def test_data_that_is_not_what_its_hashes_say_is_not_trained_on(desk: Desk):
    """A cached copy that was changed is fetched anew; a changed file at the Hub is refused, with nothing written."""
    work, hub = desk
    cached = next((work / "home/cache/releases").glob("*/v1.0.0"), None)
    if cached is not None:
        shutil.rmtree(cached)
    repository = hub.repositories["org/shapes"]
    files, name = repository.commits[repository.tags["v1.0.0"]], "data/coldstart/train-00000-of-00001.parquet"
    good = files[name]
    files[name] = good[:-1] + bytes([good[-1] ^ 1])
    words = ["train", "sft", "org/shapes@v1.0.0", "--model", "base", "--videos", "shapes/videos", "--out", "other"]
    refused = desk.run(*words, "--steps", 1, "--batch-size", 2)
    files[name] = good
    assert refused.returncode == 1 and "is not the file that was released" in refused.stderr
    assert not (work / "other").exists()
    absent = desk.run(*(word.replace("@v1.0.0", "@v9.9.9") for word in words))
    assert absent.returncode == 7 and "There is no such repository, tag or owner" in absent.stderr
