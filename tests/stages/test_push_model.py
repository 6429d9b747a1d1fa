"""A trained model on the Hub: its card shows what was measured of these very weights; one commit and a tag bring it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from support.hub_clients import breaker, stage
from support.hub_server import Hub, Repository
from support.release_builders import make_release, write_inputs
from vtgdata import releases
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint
from vtgdata.files.meta import read_meta
from vtgdata.files.step import Step, StepSummary
from vtgdata.files.whole import write_json
from vtgdata.stages import evaluate, push
from vtgdata.train import data, rl, sft

WEIGHTS = {"model.safetensors": b"\x08" * 3000, "config.json": b"{}\n", "tokenizer.json": b'{"a": 1}\n'}


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as running:
        yield running


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    return make_release(folder / "v1", write_inputs(folder), name="Doors")


def train(out: Path, release: Path | str, command: str = "train sft", model: str = "org/base", **more: Any) -> Path:
    """The folder that a training leaves behind, with a few bytes for weights."""
    module, config = (sft, "coldstart") if command == "train sft" else (rl, "rl")
    settings = module.Settings(release=str(release), model=model, videos="/srv/videos", out=str(out), **more)
    step = Step(command, settings, sft.Figures, code=[], inputs=data.inputs(str(release), [config], model))
    step.start()
    for name, raw in WEIGHTS.items():
        (out / name).write_bytes(raw + command.encode())
    step.finish(sft.Figures(rows=7, steps=3, first_loss=2.5, last_loss=1.25), sorted(WEIGHTS))
    return out


class Measured(StepSummary, frozen=True, kw_only=True):
    """Of what an evaluation says, what a model's card is made of."""

    models: list[dict[str, Any]]
    shown: list[str]
    metric_set: str
    benchmark: list[dict[str, Any]]
    baselines: dict[str, Any]


def measure(out: Path, *models: Path) -> Path:
    """The folder that an evaluation of these models leaves behind."""
    specs = [f"transformers_local:{model}" for model in models]
    settings = evaluate.Settings(samples="samples.parquet", out=str(out), model=specs, blind=True)
    step = Step("evaluate", settings, Measured, code=[], inputs=models)

    def seen(value: float) -> dict[str, Any]:
        metrics = {"mIoU": value, "R1@0.5": value / 2}
        intervals = {name: [each - 0.02, each + 0.02] for name, each in metrics.items()}
        return {"n": 2, "n_unparsed": 1, "n_failed": 0, "metrics": metrics, "intervals": intervals}

    reports = [
        {"model": spec, "sighted": seen(0.5 + place / 10), "blind": seen(0.125)} for place, spec in enumerate(specs)
    ]
    summary = Measured(
        models=reports,
        shown=["mIoU", "R1@0.5"],
        metric_set="moments",
        benchmark=[{"corpus": "beta", "split": "test", "label_version": "original", "n": 2}],
        baselines={"best_constant": seen(0.25)},
    )
    write_json(step.start() / "evaluation.json", summary)
    step.finish(summary, ["evaluation.json"])
    return out


def held(repository: Repository) -> dict[str, bytes]:
    return {name: raw for name, raw in repository.files.items() if name != ".gitattributes"}


def front(repository: Repository) -> dict[str, Any]:
    return yaml.safe_load(repository.files["README.md"].decode().split("\n---\n")[0])


def test_a_model_is_one_commit_and_a_tag_with_its_weights_its_card_and_what_was_measured(release, hub, tmp_path):
    stage("push", hub, tmp_path, release=str(release), target="org/doors")
    first = train(tmp_path / "sft", release)
    second = train(tmp_path / "rl", release, "train rl", model=str(first), learning_rate=1e-6)
    measure(tmp_path / "score", first, second)
    summary = stage("push", hub, tmp_path, release=str(second), target="org/student", dataset="org/doors@v1.0.0")
    repository = hub.repositories["org/student"]
    assert repository.private and repository.messages == ["initial commit", "Release 1.0.0"]
    assert repository.tags == {"v1.0.0": repository.head} == {"v1.0.0": summary["commit"]}
    assert summary["url"] == f"{hub.url}/org/student/tree/v1.0.0"
    files = held(repository)
    assert set(files) == {*WEIGHTS, "README.md", "model.json", ".eval_results/vtgdata.yaml", "plots/scores.svg"}
    assert all(files[name] == (second / name).read_bytes() for name in WEIGHTS)
    metadata = front(repository)
    assert (metadata["base_model"], metadata["datasets"]) == ("org/base", ["org/doors"])
    assert metadata["pipeline_tag"] == "video-text-to-text" and metadata["library_name"] == "transformers"
    card = files["README.md"].decode()
    commit = hub.repositories["org/doors"].head
    assert f"`org/doors@v1.0.0` on the Hub (commit `{commit}`)" in card
    assert json.loads(files["model.json"])["dataset"]["commit"] == commit
    assert releases.open_release(str(release)).content in card
    assert (
        "| mIoU | 0.600 | 0.580 to 0.620 | 0.125 | 0.250 |" in card
        and "| learning\\_rate | 1e-06 |" in card.replace("learning_rate", "learning\\_rate")
    )
    assert not any(place in raw for raw in files.values() for place in (str(tmp_path).encode(), b"/srv/videos"))


def test_scores_stand_in_both_forms_that_the_hub_reads(release, hub, tmp_path):
    from huggingface_hub import ModelCard
    from huggingface_hub._eval_results import parse_eval_result_entries

    stage("push", hub, tmp_path, release=str(release), target="org/doors")
    measure(tmp_path / "score", train(tmp_path / "sft", release))
    stage("push", hub, tmp_path, release=str(tmp_path / "sft"), target="org/student", dataset="org/doors@v1.0.0")
    files = held(hub.repositories["org/student"])
    (first, second) = parse_eval_result_entries(yaml.safe_load(files[".eval_results/vtgdata.yaml"]))
    assert (first.dataset_id, first.task_id, first.value) == ("org/doors", "mIoU", 0.5)
    assert (second.task_id, second.value) == ("R1@0.5", 0.25) and "beta test" in first.notes and "v1.0.0" in first.notes
    results = ModelCard(files["README.md"].decode()).data.eval_results
    assert [(each.metric_type, each.metric_value) for each in results] == [("mIoU", 0.5), ("R1@0.5", 0.25)]


def test_without_a_dataset_on_the_hub_or_a_measurement_the_card_claims_neither(release, hub, tmp_path):
    base = tmp_path / "base"
    base.mkdir()
    (base / "model.safetensors").write_bytes(b"base")
    stage("push", hub, tmp_path, release=str(train(tmp_path / "sft", release, model=str(base))), target="org/student")
    repository = hub.repositories["org/student"]
    assert not {"datasets", "base_model", "model-index"} & set(front(repository))
    assert ".eval_results/vtgdata.yaml" not in repository.files
    assert "Nothing was measured" in repository.files["README.md"].decode()
    assert json.loads(repository.files["model.json"])["base_model"] == "base"


def test_the_same_again_is_nothing_to_do_and_other_weights_need_another_version(release, hub, tmp_path):
    model = train(tmp_path / "sft", release)
    stage("push", hub, tmp_path, release=str(model), target="org/student")
    repository = hub.repositories["org/student"]
    again = stage("push", hub, tmp_path, release=str(model), target="org/student")
    assert again["nothing_to_do"] and again["commit"] == repository.head
    longer = train(tmp_path / "longer", release, steps=99)
    refused = stage("push", hub, tmp_path, release=str(longer), target="org/student")
    assert refused["exit_code"] == 8 and "higher --version" in refused["said"]
    stage("push", hub, tmp_path, release=str(longer), target="org/student", version="1.0.1")
    assert set(repository.tags) == {"v1.0.0", "v1.0.1"} and len(repository.messages) == 3


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.slow)])
def test_a_model_whose_push_fails_at_any_request_is_there_whole_or_not_at_all(release, hub, tmp_path, every):
    model, ways = train(tmp_path / "sft", release), ("kill", "lost", "reset")
    stage("push", hub, tmp_path, release=str(model), target="org/whole")
    # Card and model.json have the repository's name in them.
    whole = {name: raw for name, raw in held(hub.repositories["org/whole"]).items() if name in WEIGHTS}
    with breaker(hub, tmp_path) as broken:
        for turn in range(60):
            after, name, way = turn * every, f"org/m{turn}", ways[turn % len(ways)]
            hub.objects.clear()
            hub.fault = (after, way) if way != "kill" else None
            code = broken(way, after, release=str(model), target=name)
            ended, hub.fault = hub.fault is not None or (way == "kill" and code == 0), None
            if name in hub.repositories:
                files, tags = held(hub.repositories[name]), hub.repositories[name].tags
                assert {each: files[each] for each in WEIGHTS} == whole if files else not tags
            assert broken("well", 0, release=str(model), target=name) == 0
            repository = hub.repositories[name]
            assert repository.tags == {"v1.0.0": repository.head} and len(repository.messages) == 2
            if ended:
                break
        assert ended and after > 8


def refused(match: str, **settings: Any) -> None:
    with pytest.raises(VtgError, match=match):
        push.run(push.Settings(target="org/student", **settings))


def test_a_model_of_other_rows_than_the_release_named_is_refused(release, tmp_path):
    other = make_release(tmp_path / "other", write_inputs(tmp_path / "in", train=2))
    model = train(tmp_path / "sft", release)
    refused("was not trained on the rows of coldstart .*--dataset org/name@tag", release=str(model), dataset=str(other))
    refused("is no org/name@tag", release=str(model), dataset="org/doors")


def test_changed_weights_and_an_evaluation_of_others_are_refused(release, tmp_path):
    model, other = train(tmp_path / "a/sft", release), train(tmp_path / "b/sft", release)
    (other / "config.json").write_bytes(b'{"other": 1}\n')
    score = measure(tmp_path / "score", other)
    refused("that scored .* as it is", release=str(model), evaluation=str(score))
    refused("its files are not those that `vtgdata train sft` wrote", release=str(other))


def test_two_evaluations_beside_a_model_are_not_chosen_between(release, tmp_path):
    model = train(tmp_path / "sft", release)
    for name in ("one", "two"):
        measure(tmp_path / name, model)
    refused("was scored in one, two. Name one with --evaluation", release=str(model))


def test_what_is_said_of_models_is_refused_for_releases(release):
    refused("--base-model is for trained models", release=str(release), base_model="org/base")


def test_a_model_is_not_pushed_to_a_folder(release, tmp_path):
    model = train(tmp_path / "sft", release)
    with pytest.raises(VtgError, match="pushed to org/name"):
        push.run(push.Settings(release=str(model), target=str(tmp_path / "copy")))


def test_a_chain_of_trainings_is_followed_to_the_model_of_the_hub(release, hub, tmp_path):
    first = train(tmp_path / "sft", release)
    second = train(tmp_path / "rl", release, "train rl", model=str(first))
    stage("push", hub, tmp_path, release=str(second), target="org/student", base_model="org/doors-sft")
    assert front(hub.repositories["org/student"])["base_model"] == "org/doors-sft"
    assert fingerprint.of_path(first) in json.dumps(msgspec.to_builtins(read_meta(second)))
