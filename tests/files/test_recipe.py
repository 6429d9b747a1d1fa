from pathlib import Path
from typing import Any

import pytest

from vtgdata.errors import VtgError
from vtgdata.files import recipe
from vtgdata.files.recipe import StepPlan

COMMANDS = {
    "draw": {"out", "seed", "videos"},
    "read": {"out", "paths", "model", "keep", "limit"},
    "train rl": {"out"},
    "spend": {"out", "yes"},
}


def load(folder: Path, text: str, **more: Any) -> recipe.Recipe:
    path = folder / "toy.yaml"
    path.write_text(text)
    return recipe.load(path, COMMANDS.get, **more)


def test_steps_come_in_order_with_their_folders_and_seed(tmp_path: Path) -> None:
    plan = load(
        tmp_path, "out: runs/toy\nseed: 7\nsteps:\n  - {id: a, command: draw, videos: 3}\n  - {command: train rl}\n"
    )
    assert (plan.name, plan.out, plan.seed) == ("toy", "runs/toy", 7)
    assert plan.steps == (
        StepPlan("a", "draw", {"videos": 3, "seed": 7, "out": "runs/toy/a"}),
        StepPlan("train-rl", "train rl", {"out": "runs/toy/train-rl"}),
    )


def test_a_reference_becomes_the_earlier_step_s_folder_wherever_it_stands(tmp_path: Path) -> None:
    plan = load(
        tmp_path,
        'out: runs\nsteps:\n  - {id: a, command: draw}\n  - {id: b, command: read, paths: ["@a/x.jsonl", plain], '
        'model: "scripted:@a/s.parquet", keep: {from: "@a"}}\n',
    )
    assert plan.steps[1].settings == {
        "paths": ["runs/a/x.jsonl", "plain"],
        "model": "scripted:runs/a/s.parquet",
        "keep": {"from": "runs/a"},
        "out": "runs/b",
    }


def test_another_folder_can_be_asked_for(tmp_path: Path) -> None:
    plan = load(tmp_path, "out: runs\nsteps: [{id: a, command: draw}]", out="elsewhere")
    assert (plan.out, plan.steps[0].settings["out"]) == ("elsewhere", "elsewhere/a")
    assert load(tmp_path, "steps: [{id: a, command: draw}]").out == "runs/toy"


def test_a_step_that_says_what_made_it_is_told_its_recipe_and_the_hash_of_the_steps_up_to_it(tmp_path: Path) -> None:
    def made_by(text: str, **more: Any) -> dict[str, str]:
        path = tmp_path / "toy.yaml"
        path.write_text(text)
        return recipe.load(path, {**COMMANDS, "release": {"out", "made_by"}}.get, **more).steps[1].settings["made_by"]

    steps = "seed: 7\nsteps:\n  - {id: a, command: draw, videos: 3}\n  - {id: r, command: release}\n"
    found = made_by(steps)
    assert found["name"] == "toy" and len(found["sha256"]) == 64
    # A comment, the order of keys, the folder and later steps change nothing; an earlier setting and the seed do.
    same = "# words\nseed: 7\nsteps:\n  - {videos: 3, command: draw, id: a}\n  - {id: r, command: release}\n"
    assert made_by(same) == made_by(steps + "  - {command: train rl}\n") == made_by(steps, out="else") == found
    assert found["sha256"] not in (made_by(steps.replace("3", "4"))["sha256"], made_by(steps, seed=8)["sha256"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps: [", "not a YAML file"),
        ("- a", "a recipe is a mapping"),
        ("out: x", "steps: a recipe needs a list"),
        ("steps: []", "steps: a recipe needs a list"),
        ("step: [{command: draw}]", r"unknown key step; did you mean 'steps'"),
        ("seed: x\nsteps: [{command: draw}]", "seed a whole number"),
        ("steps: [draw]", r"steps\[0\]: a step is a mapping"),
        ("steps: [{command: drw}]", r"steps\[0\].command: there is no command 'drw'"),
        ("steps: [{command: draw, video: 3}]", r"unknown key steps\[0\].video; did you mean 'videos'"),
        ("steps: [{id: a b, command: draw}]", r"steps\[0\].id: 'a b'"),
        ("steps: [{id: a, command: draw}, {id: a, command: draw}]", r"steps\[1\].id: 'a'"),
        ("steps: [{id: a, command: read, paths: ['@b/x']}]", r"steps\[0\].paths\[0\]: @b names no earlier step"),
        ("steps: [{id: a, command: read, keep: {x: '@a'}}]", r"steps\[0\].keep.x: @a names no earlier step"),
    ],
)
def test_what_is_wrong_is_named_by_the_path_of_its_key(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(VtgError, match=said):
        load(tmp_path, text)


def test_a_setting_named_yes_is_that_setting_though_yaml_reads_the_word_as_true(tmp_path: Path) -> None:
    plan = load(
        tmp_path, "out: runs\nsteps:\n  - {id: a, command: spend, yes: true}\n  - {id: b, command: spend, yes: no}"
    )
    assert [step.settings["yes"] for step in plan.steps] == [True, False]


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "toy.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(VtgError, match="not a YAML file"):
        recipe.load(tmp_path / "toy.yaml", COMMANDS.get)


def test_a_recipe_is_found_by_name_or_path_and_a_near_name_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "demo.yaml").write_text("")
    assert recipe.find("demo", tmp_path) == tmp_path / "demo.yaml"
    assert recipe.find(str(tmp_path / "demo.yaml"), Path("nowhere")) == tmp_path / "demo.yaml"
    with pytest.raises(VtgError, match="did you mean 'demo'"):
        recipe.find("dem", tmp_path)
