"""What every recipe promises; a new file in recipes/ is picked up by itself."""

import pytest

from vtgdata.cli import commands
from vtgdata.files import plugins, recipe

RECIPES = sorted(plugins.resources("recipes").glob("*.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_it_decodes_and_every_step_can_be_built(path):
    plan = recipe.load(path, commands.fields)
    assert all(commands.build(step.command, step.settings, step.id) for step in plan.steps)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_plug_in_that_it_names_exists(path):
    for step in recipe.load(path, commands.fields).steps:
        kinds = {"corpus": "corpora", "selector": "selectors", "model": "models", "filters": "filters"}
        for key, kind in kinds.items():
            value = step.settings.get(key)
            for spec in value if isinstance(value, list) else [value] if value else []:
                if kind == "models" and step.command.startswith(("train", "demo")):
                    continue
                name = plugins.parse_spec(spec).name
                assert name in plugins.names(kind) or (name.startswith("vtgdata.") and plugins.load(kind, name))
        if "prompt" in step.settings:
            assert plugins.prompt_path(step.settings["prompt"]).is_file()


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_rows_that_it_gives_a_weight_are_drawn_by_it(path):
    steps = recipe.load(path, commands.fields).steps
    weighs = any("column=true" in step.settings.get("selector", "") for step in steps)
    orders = {step.settings.get("order", "shuffle") for step in steps if step.command == "train rl"}
    assert not weighs or orders == {"weight"}, "without order: weight nothing reads the weights that select writes"


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_its_header_says_what_it_makes_the_command_and_the_cost(path):
    header = [line for line in path.read_text().splitlines() if line.startswith("#")]
    for word in ("Makes:", "Command:", "Cost:"):
        assert any(word in line for line in header), f"{path.name}: no {word} in the header"
