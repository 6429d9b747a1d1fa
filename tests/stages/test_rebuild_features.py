"""Features of releases that are rebuilt: corpora together, takedowns, bound videos, filters, releases on the Hub."""

import json
import shutil
from pathlib import Path

import pytest

from support.builders import draw_video, make_sample
from support.hub_clients import stage
from support.hub_server import Hub
from support.rebuilding import RAW, do, elsewhere, ingested, make_desk, released, same_bytes, single_commands
from vtgdata import releases
from vtgdata.files.fingerprint import of_file
from vtgdata.files.samples import write_samples

MOMENTS = (
    '{"qid": 1, "query": "a dog jumps over a fence", "vid": "vid1", "duration": 30, "relevant_windows": [[2, 8]]}\n'
    '{"qid": 2, "query": "a cat sleeps", "vid": "vid2", "duration": 20, "relevant_windows": [[0, 4], [9, 12]]}\n'
)


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with raw files."""
    return make_desk(tmp_path, monkeypatch)


def rebuilt(copy: str, *raw: str, **more: str) -> None:
    """Rebuild a release, and hold it to the published one, file by file."""
    summary = do("rebuild", release=copy, raw=list(raw) or ["files"], out="again", **more)
    assert summary.result.same and summary.result.identical
    same_bytes(copy, "again/release")


def test_several_corpora_in_one_release(tmp_path, monkeypatch, desk):
    (desk / "raw/mine_train.jsonl").write_text(MOMENTS)
    ingested()
    own = {"corpus": "moment_jsonl", "paths": ["raw/mine_train.jsonl"], "name": "mine", "license": "MIT"}
    do("ingest", **own, split="train", out="made/mine")
    both = ["made/data/samples.parquet", "made/mine/samples.parquet"]
    do("ingest", corpus="samples", paths=both, out="made/both")
    do(
        "curate",
        file="made/both/samples.parquet",
        filters=["near_duplicate_query", "query_words:low=3"],
        out="made/kept",
    )
    copy = elsewhere(tmp_path, monkeypatch, released(), *RAW, "raw/mine_train.jsonl")
    assert set(releases.open_release(copy).document.corpora) == {"charades_sta", "mine"}
    plan = do("rebuild", release=copy, raw=["files"], dry_run=True)
    assert [step.command for step in plan.steps] == ["ingest"] * 3 + ["curate", "release"]
    rebuilt(copy)


@pytest.mark.slow
def test_curation_against_another_release(tmp_path, monkeypatch, desk):
    for name in RAW:
        shutil.move(name, name.replace("_train", "_test"))
    raw = [name.replace("_train", "_test") for name in RAW]
    ingested(paths=raw[:1])
    first = released(samples="made/data/samples.parquet", version="0.1.0")
    (desk / "raw/mine_train.jsonl").write_text(MOMENTS.replace("vid1", "AAAAA"))
    own = {"corpus": "moment_jsonl", "paths": ["raw/mine_train.jsonl"], "name": "mine", "license": "MIT"}
    do("ingest", **own, split="train", out="made/mine")
    against = [f"{first}/data/samples/test-00000-of-00001.parquet"]
    do("curate", file="made/mine/samples.parquet", filters=["contamination"], against=against, out="made/kept")
    copy = elsewhere(tmp_path, monkeypatch, released(out="made/v2"), *raw, "raw/mine_train.jsonl")
    assert releases.open_release(copy).document.drops["benchmark_video"] == 1
    rebuilt(copy)


@pytest.mark.parametrize("at", ["ingest", "release"])
def test_rows_that_were_taken_down(tmp_path, monkeypatch, at):
    do("remove", file="removed.json", video_id=["CCCCC"], reason="taken down")
    ingested(**({"tombstones": "removed.json"} if at == "ingest" else {}))
    more = {"tombstones": "removed.json"} if at == "release" else {}
    copy = elsewhere(tmp_path, monkeypatch, released(samples="made/data/samples.parquet", **more), *RAW)
    shutil.copy(tmp_path / "gone/removed.json", "files/deep/removed.json")
    said = b"".join(path.read_bytes() for path in Path(copy).rglob("*") if path.is_file())
    assert b"sandwich" not in said
    rebuilt(copy)


def test_a_takedown_that_a_release_holds_itself_needs_no_file(tmp_path, monkeypatch):
    ingested()
    do("remove", file="removed.json", video_id=["CCCCC"], reason="taken down")
    samples = "made/data/samples.parquet"
    rebuilt(elsewhere(tmp_path, monkeypatch, released(samples=samples, tombstones="removed.json"), *RAW))


def test_answers_about_rows_that_were_taken_down_later(tmp_path, monkeypatch):
    ingested()
    samples = "made/data/samples.parquet"
    do("build-coldstart", samples=samples, model=f"scripted:{samples}", n=3, out="made/traces")
    do("score-difficulty", samples=samples, model=f"scripted:{samples}", n=2, seed=4, out="made/hard")
    do("remove", file="removed.json", video_id=["CCCCC"], reason="taken down")
    answers = ["made/traces/rollouts.parquet", "made/hard/rollouts.parquet"]
    told = {"coldstart": "made/traces/traces.parquet", "pass_rates": "made/hard/pass_rates.parquet"}
    copy = elsewhere(
        tmp_path, monkeypatch, released(samples=samples, **told, rollouts=answers, tombstones="removed.json"), *RAW
    )
    rebuilt(copy)


@pytest.mark.slow
def test_videos_that_were_bound(tmp_path, monkeypatch, desk):
    clips = [draw_video(desk / "clips/one.mp4"), draw_video(desk / "clips/two.mp4", grey=40)]
    samples = [make_sample(f"t:{n}", video_id=f"v{n}", duration=4.0) for n in range(2)]
    write_samples(desk / "own.parquet", samples)
    (desk / "known.txt").write_text("".join(f"{of_file(clip)}  v{n}.mp4\n" for n, clip in enumerate(clips)))
    do("videos bind", samples="own.parquet", videos="clips", known="known.txt", out="made/bound")
    do("ingest", corpus="samples", paths=["own.parquet"], videos="clips", split="train", out="made/data")
    shutil.copytree("clips", tmp_path / "there/clips")
    copy = elsewhere(tmp_path, monkeypatch, released(samples="made/data/samples.parquet"), "own.parquet")
    rebuilt(copy, videos="clips")


def test_a_prompt_of_ones_own_is_found_in_the_release(tmp_path, monkeypatch, desk):
    prompt = '---\ntime: ".1f"\nreasoning: false\nanswer: "{start} to {end}"\n---\n{frames}\nWhen: "{query}"?\n'
    (desk / "terse.md").write_text(prompt)
    ingested()
    samples = "made/data/samples.parquet"
    asked = {"samples": samples, "model": f"scripted:{samples}", "n": 2, "prompt": "terse.md"}
    do("score-difficulty", **asked, out="made/hard")
    rebuilt(
        elsewhere(tmp_path, monkeypatch, released(samples=samples, pass_rates="made/hard/pass_rates.parquet"), *RAW)
    )


def test_a_release_on_the_hub(tmp_path, monkeypatch):
    single = single_commands()
    with Hub() as hub:
        sent = {"release": single, "target": "org/doors", "confirm_license": ["LicenseRef-Charades"]}
        stage("push", hub, tmp_path, **sent)
        Path("elsewhere").mkdir()
        shutil.copytree("raw", "elsewhere/raw")
        monkeypatch.chdir("elsewhere")
        done = stage("rebuild", hub, tmp_path, release="org/doors@v1.0.0", raw=["raw"])
    assert done["result"]["identical"], done
    assert Path("doors-v1.0.0.rebuilt/release/release.json").is_file()


@pytest.mark.slow
def test_raw_files_may_lie_beside_the_result(tmp_path, monkeypatch):
    copy = elsewhere(tmp_path, monkeypatch, single_commands(), *RAW)
    for again in (False, True):
        summary = do("rebuild", release=copy, raw=["."])
        assert summary.result.identical and (summary.up_to_date is True) == again and summary.out == "copy.rebuilt"


@pytest.mark.slow
def test_one_file_may_be_named(tmp_path, monkeypatch):
    copy = elsewhere(tmp_path, monkeypatch, single_commands(), *RAW)
    rebuilt(copy, *(f"files/deep/{Path(name).name}" for name in RAW))


def test_pages_in_other_words_are_told_from_other_data(tmp_path, monkeypatch):
    copy = elsewhere(tmp_path, monkeypatch, single_commands(), *RAW)
    document = json.loads(Path(copy, "release.json").read_text())
    Path(copy, "release.json").write_text(json.dumps(document | {"tool": "vtgdata 0.0.9"}))
    result = do("rebuild", release=copy, raw=["files"], out="again").result
    assert result.same and not result.identical and result.pages_said == "release.json: tool"
