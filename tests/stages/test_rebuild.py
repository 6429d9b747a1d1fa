"""A release says what rebuilds it; `vtgdata rebuild` makes the same bytes in another folder, or says what differs."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.builders import draw_video, make_sample
from support.published import published
from support.rebuilding import LINES, RAW, do, elsewhere, ingested, make_desk, released, same_bytes, single_commands
from support.release_builders import make_release, write_inputs
from support.servers import Server, completion
from vtgdata import releases
from vtgdata.errors import NotTheSame, VtgError
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.releases.rebuild import record as rebuild_record
from vtgdata.releases.rebuild import trust
from vtgdata.stages import rebuild


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with raw files."""
    return make_desk(tmp_path, monkeypatch)


def test_a_release_made_by_single_commands_is_rebuilt_in_another_folder(tmp_path, monkeypatch):
    copy = elsewhere(tmp_path, monkeypatch, single_commands(), *RAW)
    summary = do("rebuild", release=copy, raw=["files"], out="again")
    assert summary.result.same and summary.result.identical
    assert set(summary.result.parquet.values()) == {"same"} and len(summary.result.parquet) == 4
    assert [step.id for step in summary.steps] == ["ingest", "curate", "score-difficulty", "select", "release"]
    same_bytes(copy, "again/release")
    assert json.loads(Path("again/rebuilt.json").read_text())["same"] is True
    assert {path.name for path in Path("again").iterdir()} == {"release", "rebuilt.json", "meta.json"}
    assert do("rebuild", release=copy, raw=["files"], out="again").up_to_date is True


def test_a_release_of_charades_sta_made_by_single_commands_is_rebuilt_to_the_byte(tmp_path, monkeypatch):
    for name in RAW:
        shutil.copy(published("corpora/charades_sta", Path(name).name), name)
    copy = elsewhere(tmp_path, monkeypatch, single_commands(limit=100), *RAW)
    document = releases.open_release(copy).document
    assert document.counts["samples"]["corpus"]["charades_sta"] > 12_000
    summary = do("rebuild", release=copy, raw=["files"], out="again")
    assert summary.result.same and len(summary.result.parquet) == 4
    same_bytes(copy, "again/release")


def test_no_path_of_the_machine_is_in_what_rebuilds_a_release(desk):
    raw = [str(desk / name) for name in RAW]
    ingested(paths=raw, out=str(desk / "made/data"))
    released(samples=str(desk / "made/data/samples.parquet"))
    for name in ("rebuild.json", "recipe.yaml", "release.json", "README.md"):
        said = (desk / "made/v1" / name).read_text()
        assert str(desk) not in said and "/tmp" not in said and str(Path.home()) + "/" not in said
    assert "raw/ingest/charades_sta_train.txt" in (desk / "made/v1/recipe.yaml").read_text()


def test_the_same_commands_in_another_folder_by_absolute_paths_give_the_same_release(desk, tmp_path, monkeypatch):
    single_commands()
    (tmp_path / "other").mkdir()
    shutil.copytree("raw", tmp_path / "other/raw")
    monkeypatch.chdir(tmp_path / "other")
    single_commands()
    same_bytes(str(desk / "made/v1"), "made/v1")


def test_a_release_made_by_a_recipe_is_rebuilt(tmp_path, monkeypatch):
    from vtgdata.cli.app import run

    steps = [
        {"id": "raws", "command": "ingest", "corpus": "charades_sta", "paths": ["raw"], "split": "train"},
        {
            "id": "traces", "command": "build-coldstart", "samples": "@raws/samples.parquet", "n": 2, "seed": 3,
            "model": "scripted:@raws/samples.parquet",
        },
        {
            "id": "out", "command": "release", "version": "0.1.0", "samples": "@raws/samples.parquet",
            "coldstart": "@traces/traces.parquet", "drops": ["@raws/drops.parquet"],
        },
    ]  # fmt: skip
    Path("mine.yaml").write_text(yaml.safe_dump({"out": "runs/mine", "seed": 5, "steps": steps}))
    assert run(["run", "mine.yaml", "--quiet"]) == 0
    copy = elsewhere(tmp_path, monkeypatch, "runs/mine/out", *RAW)
    document = releases.open_release(copy).document
    assert document.recipe["name"] == "mine"
    summary = do("rebuild", release=copy, raw=["files"], out="again")
    assert summary.result.same and "data/coldstart/train-00000-of-00001.parquet" in summary.result.parquet
    same_bytes(copy, "again/release")


def test_the_recipe_of_a_release_runs_by_itself(desk, monkeypatch):
    from vtgdata.cli.app import run

    single_commands()
    (desk / "own/raw/ingest").mkdir(parents=True)
    for name in RAW:
        shutil.copy(name, desk / "own/raw/ingest")
    shutil.copy("made/v1/recipe.yaml", desk / "own")
    monkeypatch.chdir(desk / "own")
    assert run(["run", "recipe.yaml", "--quiet"]) == 0
    assert releases.open_release("rebuilt/release").document.configs.keys() == {"samples", "rl", "difficulty", "drops"}


@pytest.mark.slow
def test_scripted_answers_that_the_release_holds_are_not_asked_for_again(tmp_path, monkeypatch):
    ingested()
    samples = "made/data/samples.parquet"
    do("build-coldstart", samples=samples, model=f"scripted:{samples}", n=3, out="made/traces")
    told = {"coldstart": "made/traces/traces.parquet", "rollouts": ["made/traces/rollouts.parquet"]}
    copy = elsewhere(tmp_path, monkeypatch, released(samples=samples, **told), *RAW)
    summary = do("rebuild", release=copy, raw=["files"], out="again")
    assert {step.id: step.how for step in summary.steps}["build-coldstart"] == "takes the release's answers"
    assert summary.result.same
    same_bytes(copy, "again/release")


@pytest.mark.slow
def test_answers_of_teachers_asked_in_turn_are_taken_in_turn_again(tmp_path, monkeypatch):
    ingested()
    samples = "made/data/samples.parquet"
    first, then = f"scripted:samples={samples},errors=0.9", [f"scripted:samples={samples},errors=0,noise=0.01"]
    do("build-coldstart", samples=samples, model=first, then=then, n=1, pilot=3, go_on=True, out="made/traces")
    told = {"coldstart": "made/traces/traces.parquet", "rollouts": ["made/traces/rollouts.parquet"]}
    copy = elsewhere(tmp_path, monkeypatch, released(samples=samples, **told), *RAW)
    summary = do("rebuild", release=copy, raw=["files"], out="again")
    assert {step.id: step.how for step in summary.steps}["build-coldstart"] == "takes the release's answers"
    assert summary.result.same
    same_bytes(copy, "again/release")


def test_the_card_says_of_teachers_in_turn_what_each_was_asked_what_was_kept_and_what_it_cost():
    samples = [make_sample(f"t:{n}", video_id=f"v{n}", windows=[(5.0, 10.0)]) for n in range(6)]
    write_samples(Path("own.parquet"), samples)
    first, then = "scripted:samples=own.parquet,errors=0.9", ["scripted:samples=own.parquet,errors=0,noise=0.01"]
    made = do("build-coldstart", samples="own.parquet", model=first, then=then, n=1, out="made/traces")
    folder = released(samples="own.parquet", coldstart="made/traces/traces.parquet")
    (step,) = [each for each in json.loads(Path(folder, "rebuild.json").read_text())["steps"] if each.get("teachers")]
    assert len(step["teachers"]) == 2 == len(made.teachers)
    card = Path(folder, "README.md").read_text()
    for told, each in zip(step["teachers"], made.teachers, strict=True):
        assert (told["asked"], told["traces"], told["spent"]) == (each.asked, each.traces, each.spent)
        why = ", ".join(f"{count} {reason}" for reason, count in each.reasons.items())
        counts = f"| {each.asked} | {each.samples_with_trace} | {each.traces} | {why} | $0.00 |"
        assert counts in card, "a model here costs nothing"
    assert "teachers" not in Path(released(out="made/one", samples="own.parquet"), "rebuild.json").read_text()


def says(body: dict[str, Any], number: int) -> str:
    """An answer that follows from the seed alone: some right, some wrong, one that nobody can read."""
    start = body["seed"] % 5
    return "I cannot tell." if start == 4 else f"<think>I see it.</think><answer>{start}.0 to {start + 2}.5</answer>"


@pytest.fixture
def from_server(desk) -> str:
    """A release with traces and pass rates of a server's model on drawn videos, and all its answers."""
    for number in range(3):
        draw_video(desk / f"videos/v{number}.mp4")
    write_samples(desk / "own.parquet", [make_sample(f"t:{n}", video_id=f"v{n}", duration=4.0) for n in range(3)])
    with Server(says) as server:
        asked = {
            "samples": "own.parquet", "model": "openai_api:tiny", "endpoint": [server.url], "videos": "videos",
            "num_frames": 2, "n": 6,
        }  # fmt: skip
        do("build-coldstart", **asked, keep={"tiou": 0.0}, verify=["none"], out="made/traces")
        do("score-difficulty", **asked | {"seed": 9}, adaptive="mean_iou:0.2:0.8:0.01", max_n=12, out="made/hard")
    do("select", pass_rates="made/hard/pass_rates.parquet", size=2, selector="uniform", out="made/pick")
    return released(samples="own.parquet", **FROM_SERVER, rollouts=["made/traces/rollouts.parquet"])


FROM_SERVER = {"coldstart": "made/traces/traces.parquet"}


def test_answers_of_a_server_come_from_the_release_and_nothing_is_asked(tmp_path, monkeypatch, from_server):
    copy = elsewhere(tmp_path, monkeypatch, from_server, "own.parquet")
    summary = do("rebuild", release=copy, raw=["files"], out="again")
    assert summary.result.same
    same_bytes(copy, "again/release")
    assert len(read_parquet("again/release/data/rollouts/train-00000-of-00001.parquet")) == 18


@pytest.mark.slow
def test_adaptive_pass_rates_come_from_the_answers_again(tmp_path, monkeypatch, from_server):
    told = {"pass_rates": "made/hard/pass_rates.parquet", "rollouts": ["made/hard/rollouts.parquet"]}
    folder = released(out="made/v2", samples="own.parquet", splits={"rl": "made/pick/rows.parquet"}, **told)
    copy = elsewhere(tmp_path, monkeypatch, folder, "own.parquet")
    assert do("rebuild", release=copy, raw=["files"], out="again").result.same
    same_bytes(copy, "again/release")


@pytest.mark.parametrize("taken_down", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_answers_of_two_steps_to_one_question_are_told_apart(tmp_path, monkeypatch, from_server, taken_down):
    if taken_down:
        do("remove", file="removed.json", video_id=["v1"])
    answers = [f"made/{name}/rollouts.parquet" for name in ("traces", "hard")]
    told = {**FROM_SERVER, "pass_rates": "made/hard/pass_rates.parquet", "rollouts": answers}
    told |= {"tombstones": "removed.json"} if taken_down else {}
    copy = elsewhere(tmp_path, monkeypatch, released(out="made/v2", samples="own.parquet", **told), "own.parquet")
    summary = do("rebuild", release=copy, raw=["files"], out="again")
    assert [step.how for step in summary.steps] == ["takes the release's answers"] * 2 + ["runs"]
    assert [step.removed > 0 for step in summary.steps] == [taken_down, taken_down, False]
    assert summary.result.same
    # Intermediate files have no rows of what was taken down, and their hashes are on these two pages.
    assert summary.result.pages_said == ("README.md, release.json: inputs" if taken_down else "")


def test_a_changed_raw_file_is_named_where_answers_are_missing_for_it(tmp_path, monkeypatch, from_server):
    copy = elsewhere(tmp_path, monkeypatch, from_server, "own.parquet")
    write_samples(Path("files/deep/own.parquet"), [make_sample("t:7", video_id="v0", duration=4.0)])
    with pytest.raises(VtgError, match=r"has no answer 0 to 't:7'.*not those that were read: files/deep/own\.parquet"):
        do("rebuild", release=copy, raw=["files"], out="again", allow_changed=True)


def test_without_the_answers_the_plan_says_that_they_cannot_be_had_and_what_asking_would_cost(from_server, capsys):
    released(out="made/bare", samples="own.parquet", **FROM_SERVER)
    plan = do("rebuild", release="made/bare", raw=["."], dry_run=True)
    assert {step.id: step.how for step in plan.steps} == {"build-coldstart": "cannot run", "release": "runs"}
    (said,) = [problem for problem in plan.problems if problem.startswith("answers")]
    assert "cannot be had again" in said and "18 requests to openai_api:tiny" in said and "price unknown" in said
    Path("prices.yaml").write_text("- {model: tiny, input: 1000, output: 0}")
    plan = do("rebuild", release="made/bare", raw=["."], prices="prices.yaml", dry_run=True)
    tokens = sum(row["tokens_in"] for row in read_parquet("made/traces/rollouts.parquet"))
    assert f"{tokens:,} tokens in" in plan.problems[0] and f"about ${tokens / 1000:,.2f}," in plan.problems[0]
    with pytest.raises(VtgError, match="18 requests"):
        do("rebuild", release="made/bare", raw=["raw"], out="again")
    assert not Path("again").exists()


def test_what_is_missing_is_asked_for_by_name_size_hash_and_source(tmp_path, monkeypatch):
    copy = elsewhere(tmp_path, monkeypatch, single_commands(), RAW[1])
    plan = do("rebuild", release=copy, raw=["files"], dry_run=True)
    assert {raw.name: raw.state for raw in plan.raw} == {
        "charades_sta_train.txt": "missing", "Charades_v1_train.csv": "found",
    }  # fmt: skip
    with pytest.raises(VtgError) as error:
        do("rebuild", release=copy, raw=["files"], out="again")
    said = str(error.value)
    size = len(LINES.encode())
    assert f"charades_sta_train.txt ({size} bytes, SHA-256 " in said and "github.com/microsoft/2D-TAN" in said
    assert error.value.exit_code == 1 and not Path("again").exists()


@pytest.mark.slow
def test_a_raw_file_is_found_under_any_name(tmp_path, monkeypatch):
    copy = elsewhere(tmp_path, monkeypatch, single_commands(), *RAW)
    Path("files/deep/charades_sta_train.txt").rename("files/saved (1).txt")
    assert do("rebuild", release=copy, raw=["files"], out="again").result.same


def test_a_raw_file_with_other_bytes_stops_the_rebuild_unless_it_is_allowed(tmp_path, monkeypatch):
    copy = elsewhere(tmp_path, monkeypatch, single_commands(), *RAW)
    changed = Path("files/deep/charades_sta_train.txt")
    changed.write_text(LINES.replace("sandwich", "apple"))
    with pytest.raises(VtgError, match=r"files/deep/charades_sta_train\.txt: is not the one that was read") as error:
        do("rebuild", release=copy, raw=["files"], out="again")
    assert error.value.exit_code == 1 and not Path("again").exists()
    with pytest.raises(NotTheSame, match=r"not the same: data/.*Other bytes than were read: .*sta_train") as error:
        do("rebuild", release=copy, raw=["files"], out="again", allow_changed=True)
    assert error.value.exit_code == 1
    assert error.value.summary.result.parquet["data/samples/train-00000-of-00001.parquet"] == "differs"
    assert releases.open_release("again/release").document.version == "1.0.0"


def test_inputs_that_no_command_made_are_raw_files(tmp_path, monkeypatch, desk):
    inputs = write_inputs(desk / "in")
    make_release(desk / "v1", inputs)
    files = sorted(str(path) for path in (desk / "in").iterdir())
    copy = elsewhere(tmp_path, monkeypatch, "v1", *files)
    assert do("rebuild", release=copy, raw=["files"], out="again").result.same
    same_bytes(copy, "again/release")


def test_a_file_that_was_made_anew_since_it_was_read_is_no_step_of_the_release():
    single_commands()
    ingested(swap_reversed=True)
    released(out="made/v2", version="1.0.1")
    with pytest.raises(VtgError, match=r"samples\.parquet \(of unknown size, [\s\S]* gone or written over when"):
        do("rebuild", release="made/v2", raw=["raw"], out="again")


@pytest.mark.slow
def test_the_versions_before_are_rebuilt_too(tmp_path, monkeypatch):
    ingested()
    samples = "made/data/samples.parquet"
    first = released(samples=samples)
    second = released(out="made/second", samples=samples, version="1.0.1", previous=first)
    copy = elsewhere(tmp_path, monkeypatch, second, *RAW)
    summary = do("rebuild", release=copy, raw=["files"], out="again")
    assert [step.command for step in summary.steps] == ["ingest", "release", "release"]
    assert summary.result.same
    same_bytes(copy, "again/release")


@pytest.mark.slow
def test_a_release_before_this_one_that_lies_somewhere_is_asked_for_file_by_file(tmp_path, monkeypatch):
    ingested()
    samples = "made/data/samples.parquet"
    do("push", release=released(samples=samples), target="./theirs")
    second = released(out="made/second", samples=samples, version="1.0.1", previous="theirs")
    copy = elsewhere(tmp_path, monkeypatch, second, *RAW)
    plan = do("rebuild", release=copy, raw=["files"], dry_run=True)
    assert {raw.name for raw in plan.raw if raw.state == "missing"} >= {"release.json"}
    shutil.copytree(tmp_path / "gone/theirs", "files/theirs")
    assert do("rebuild", release=copy, raw=["files"], out="again").result.same


@pytest.mark.slow
def test_durations_that_were_probed_need_the_folder_of_videos(tmp_path, monkeypatch, desk):
    for name in ("AAAAA", "CCCCC"):
        draw_video(desk / f"clips/{name}.mp4")
    ingested(videos="clips", max_failed=1.0)
    released(samples="made/data/samples.parquet")
    shutil.copytree("clips", tmp_path / "there/clips")
    copy = elsewhere(tmp_path, monkeypatch, "made/v1", *RAW)
    with pytest.raises(VtgError, match=r"ingest read the videos.*--videos"):
        do("rebuild", release=copy, raw=["files"], out="again")
    assert do("rebuild", release=copy, raw=["files"], videos="clips", out="again").result.same
    same_bytes(copy, "again/release")


def test_a_release_of_before_says_what_is_missing():
    old = Path(__file__).parents[1] / "whole/before/release"
    with pytest.raises(VtgError, match=r"no rebuild\.json.*samples\.parquet \(samples\).*Release it anew"):
        rebuild.run(rebuild.Settings(release=str(old), dry_run=True))


def test_a_release_that_names_other_peoples_code_is_not_run(desk, monkeypatch):
    (desk / "mine.py").write_text(
        "from vtgdata.plugins.corpora.charades_sta import CORPUS, EXAMPLE, read\n__all__ = ['CORPUS', 'read']\n"
    )
    monkeypatch.syspath_prepend(str(desk))
    (desk / "pkg").mkdir()
    (desk / "mine.py").rename(desk / "pkg/mine.py")
    (desk / "pkg/__init__.py").write_text("")
    ingested(corpus="pkg.mine")
    released(samples="made/data/samples.parquet")
    plan = do("rebuild", release="made/v1", raw=["raw"], dry_run=True)
    assert any("pkg.mine is no module of vtgdata" in problem for problem in plan.problems)


def judges(body: dict[str, Any], number: int) -> dict[str, Any]:
    """A judge that says no to one of two answers, by what it is shown and not by when."""
    words = json.dumps(body["messages"])
    said = "no" if hashlib.sha256(words.encode()).digest()[0] % 2 else "yes"
    (letter,) = re.findall(rf"\(([AB])\) {said}", words)
    usage = {"prompt_tokens": 500, "completion_tokens": 30, "total_tokens": 530}
    return completion(f"<think>I see {said}.</think><answer>{letter}</answer>") | {"usage": usage, "model": "judge"}


JUDGED = {"coldstart": "made/judged/traces.parquet", "splits": {"rejected": "made/judged/traces.parquet"}}


@pytest.fixture(params=["server", pytest.param("scripted", marks=pytest.mark.slow)])
def judged(desk, request) -> str:
    """Samples on drawn videos, with traces of a teacher, of which a judge on a server let some pass."""
    for number in range(3):
        draw_video(desk / f"videos/v{number}.mp4")
    samples = [
        make_sample(f"t:{n}", video_id=f"v{n % 3}", duration=4.0, windows=[(1, 3)], query=f"q {n}") for n in range(8)
    ]
    write_samples(desk / "own.parquet", samples)
    with Server(lambda body, number: judges(body, number) if body["model"] == "judge" else right(body, number),
                ("tiny", "judge")) as server:  # fmt: skip
        model = {"server": "openai_api:tiny", "scripted": "scripted:own.parquet"}[request.param]
        do(
            "build-coldstart", samples="own.parquet", model=model, endpoint=[server.url], videos="videos", num_frames=2,
            n=2, keep={"tiou": 0.3}, verify=["in_form", f"judge:model=openai_api:judge,endpoint={server.url}"],
            judge_model_version="3", per_sample=0, out="made/judged",
        )  # fmt: skip
    reasons = {row["reason"] for row in read_parquet("made/judged/traces.parquet")}
    assert {None, "judge_says_no"} <= reasons
    return request.param


def right(body: dict[str, Any], number: int) -> str:
    return f"<think>I see it, {body['seed'] % 7}.</think><answer>1.0 to 3.0</answer>"


def test_verdicts_of_a_judge_on_a_server_come_from_the_release_and_nobody_is_asked(tmp_path, monkeypatch, judged):
    folder = released(out="made/v1", samples="own.parquet", rollouts=["made/judged/rollouts.parquet"], **JUDGED)
    assert "127.0.0.1" not in "".join(Path(folder, name).read_text() for name in ("rebuild.json", "recipe.yaml"))
    verdicts = releases.open_release(folder).rows("verdicts")
    assert {row["verdict"] for row in verdicts} == {"yes", "no"} and len(verdicts) >= 8
    assert "16 verdicts of openai_api:judge" in Path(folder, "README.md").read_text() or judged == "scripted"
    copy = elsewhere(tmp_path, monkeypatch, folder, "own.parquet")
    summary = do("rebuild", release=copy, raw=["files"], out="again")
    assert {step.id: step.how for step in summary.steps}["build-coldstart"] == "takes the release's answers"
    assert summary.result.same
    same_bytes(copy, "again/release")


def test_without_its_verdicts_the_plan_says_what_asking_the_judge_again_would_cost(judged):
    released(out="made/bare", samples="own.parquet", **JUDGED)
    Path("prices.yaml").write_text("- {model: judge, input: 1000, output: 0}\n- {model: tiny, input: 0, output: 0}")
    plan = do("rebuild", release="made/bare", raw=["."], prices="prices.yaml", dry_run=True)
    assert {step.id: step.how for step in plan.steps}["build-coldstart"] == "cannot run"
    (said,) = [problem for problem in plan.problems if "of the judge of step build-coldstart" in problem]
    rows = read_parquet("made/judged/verdicts.parquet")
    assert f"{len(rows)} requests to openai_api:judge" in said and f"{500 * len(rows):,} tokens in" in said
    assert "cannot be had again" in said and f"about ${len(rows) / 2:,.2f}" in said
    assert len([problem for problem in plan.problems if problem.startswith("answers")]) == 1 + (judged == "server")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda step: step.pop("judged"), "asks openai_api:judge for verdicts that it does not count"),
        (lambda step: step["judged"].update(repeatable=True), "gives the same verdicts again"),
        (lambda step: step["settings"]["verify"].append("judge:model=openai_api:judge,endpoint=http://e.example/v1"),
         "sets endpoint in verify"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("judged", ["scripted"], indirect=True)
def test_no_release_has_a_judge_asked_in_a_rebuild(judged, change, words):
    folder = Path(released(out="made/v1", samples="own.parquet", rollouts=["made/judged/rollouts.parquet"], **JUDGED))
    record = json.loads((folder / "rebuild.json").read_text())
    change(next(step for step in record["steps"] if step["id"] == "build-coldstart"))
    with pytest.raises(VtgError, match=words):
        trust.check(rebuild_record.decoded(json.dumps(record).encode(), "rebuild.json"), "r")
