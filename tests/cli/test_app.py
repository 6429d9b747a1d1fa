"""The command line as scripts see it: exit codes, JSON, help, one source for options, recipe keys and fields."""

import json
import os
import subprocess
import sys

import msgspec
import pytest

from support.builders import make_sample
from support.forked import vtgdata
from vtgdata.cli import commands, options
from vtgdata.files.samples import write_samples

NAMES = sorted(commands.COMMANDS)


@pytest.mark.parametrize("name", NAMES)
def test_options_recipe_keys_and_fields_are_the_same_set(name):
    settings = commands.settings_type(name)
    parameters = set(options.signature(settings, commands.COMMANDS[name].arguments).parameters)
    # A setting whose name is a word of Python's own (`as`) has `_` after it in the code alone.
    typed = {each.rstrip("_") for each in parameters - {"recipe", "as_json", "quiet"}}
    assert typed == set(settings.__struct_encode_fields__) == commands.fields(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_says_what_it_is(name):
    settings = commands.settings_type(name)
    assert set(settings.__struct_fields__) <= set(options.field_docs(settings))


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help(name):
    done = vtgdata(*name.split(), "--help")
    assert done.returncode == 0, done.stderr
    assert "--recipe" in done.stdout and "--json" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_help_is_quick_and_loads_nothing_heavy():
    script = (
        "import sys, time; from vtgdata.cli.app import run; run(['--help']); "
        "heavy = {'torch', 'transformers', 'datasets', 'polars', 'pyarrow', 'av'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "score-difficulty" in done.stdout


def test_version():
    assert vtgdata("--version").stdout.strip().count(".") == 2


@pytest.mark.parametrize("arguments", [["--version"], ["status", "nowhere"], ["no-such-command"]])
def test_the_module_is_the_command(tmp_path, arguments):
    command = [sys.executable, "-m", "vtgdata", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    forked = vtgdata(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (forked.returncode, forked.stdout, forked.stderr)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["ingest", "charades", "x.txt", "--out", "o"], 1, ["charades_sta"]),
        (["ingest", "charades_sta", "missing.txt", "--out", "o"], 1, ["missing.txt"]),
        (["score-difficulty", "--samples", "none.parquet", "--model", "scripted:x", "--out", "o"], 1, ["none.parquet"]),
        (["run", "demoo"], 1, ["demo"]),
        (["run", "bad.yaml"], 1, ["steps[0].paht", "paths"]),
        (["select", "--pass-rates", "torn.parquet", "--size", 3, "--out", "o"], 1, ["torn.parquet"]),
        (["status", "nowhere"], 1, ["nowhere"]),
        (["ingest"], 2, ["corpus"]),
        (["no-such-command"], 2, ["no-such-command"]),
        (["select", "--size", "many"], 2, ["--size"]),
    ],
)
def test_bad_input_says_what_where_and_what_to_do_and_leaves_nothing(tmp_path, arguments, code, words):
    (tmp_path / "bad.yaml").write_text("steps:\n  - {command: ingest, corpus: charades_sta, paht: x}\n")
    write_samples(tmp_path / "whole.parquet", [make_sample()])
    (tmp_path / "torn.parquet").write_bytes((tmp_path / "whole.parquet").read_bytes()[:200])
    before = sorted(tmp_path.iterdir())
    done = vtgdata(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_json_is_one_object_on_stdout_and_errors_are_one_line_on_stderr(tmp_path):
    path = tmp_path / "samples.parquet"
    write_samples(path, [make_sample(str(i)) for i in range(4)])
    done = vtgdata(
        "score-difficulty",
        "--samples",
        path,
        "--model",
        f"scripted:{path}",
        "--n",
        2,
        "--out",
        tmp_path / "o",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rollouts"] == 8
    wrong = vtgdata("score-difficulty", "--samples", "x", "--model", "scripted:x", "--out", "o", "--json", cwd=tmp_path)
    assert json.loads(wrong.stderr.splitlines()[-1])["exit_code"] == 1
    assert wrong.stdout == ""


def test_a_recipe_gives_settings_and_options_go_before_them(tmp_path):
    path = tmp_path / "samples.parquet"
    write_samples(path, [make_sample(str(i)) for i in range(4)])
    recipe = tmp_path / "r.yaml"
    step = {"command": "score-difficulty", "samples": str(path), "model": f"scripted:{path}", "n": 3}
    recipe.write_bytes(msgspec.json.encode({"out": str(tmp_path / "run"), "steps": [step]}))
    done = vtgdata("score-difficulty", "--recipe", recipe, "--n", 1, "--json")
    assert json.loads(done.stdout)["rollouts"] == 4


def test_a_recipe_runs_and_the_second_time_nothing_is_done(tmp_path):
    (tmp_path / "charades_sta_train.txt").write_text("AAAAA 0.0 6.9##a person opens a door.\n")
    (tmp_path / "r.yaml").write_text(
        "out: run\nseed: 3\nsteps:\n"
        "  - {id: data, command: ingest, corpus: charades_sta, paths: [charades_sta_train.txt], split: train}\n"
        "  - {id: hard, command: score-difficulty, samples: '@data/samples.parquet', max_failed: 1,\n"
        "     model: 'scripted:@data/samples.parquet'}\n"
    )
    first = vtgdata("run", "r.yaml", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    second = vtgdata("run", "r.yaml", cwd=tmp_path)
    assert second.stderr.count("up to date") == 2, second.stderr
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == stamps
    (tmp_path / "r.yaml").write_text("# a comment changes nothing\n" + (tmp_path / "r.yaml").read_text())
    assert vtgdata("run", "r.yaml", cwd=tmp_path).stderr.count("up to date") == 2
    state = json.loads(vtgdata("status", "run", "--json", cwd=tmp_path).stdout)
    assert [(step["folder"], step["state"]) for step in state["steps"]] == [("data", "done"), ("hard", "done")]


@pytest.mark.parametrize("command", commands.COMMANDS)
def test_every_command_has_a_printer_whose_docstring_is_its_help(command):
    printer = commands.printer(command)
    assert printer.__doc__, command
    assert printer.__doc__.splitlines()[0] in " ".join(vtgdata(*command.split(), "--help").stdout.split())


def test_corpora_lists_every_corpus_and_prints_a_page():
    from vtgdata.files import plugins

    listed = vtgdata("corpora").stdout
    names = plugins.names("corpora")
    assert all(name in listed for name in names)
    assert names[0] in vtgdata("corpora", names[0]).stdout


def test_ctrl_c_exits_130_and_keeps_what_was_answered(tmp_path):
    script = (
        "import sys\nfrom vtgdata.cli import app, commands\n"
        "def stop(*_): raise KeyboardInterrupt\n"
        "commands.execute = stop\n"
        "sys.exit(app.run(['select', '--pass-rates', 'x', '--size', '1', '--out', 'o']))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 130


def test_a_step_with_failed_rows_does_not_stop_a_recipe_and_the_exit_code_says_so(tmp_path):
    write_samples(tmp_path / "samples.parquet", [make_sample("a", duration=None), make_sample("b")])
    step = "command: score-difficulty, samples: samples.parquet, model: 'scripted:samples.parquet', n: 1"
    (tmp_path / "r.yaml").write_text(
        f"out: run\nsteps:\n  - {{id: one, {step}}}\n  - {{id: two, {step}, max_failed: 1}}\n"
    )
    done = vtgdata("run", "r.yaml", "--json", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["out"] == "run/two"
    assert (tmp_path / "run/two/pass_rates.parquet").is_file()
    again = vtgdata("run", "r.yaml", cwd=tmp_path)
    assert again.returncode == 3 and again.stderr.count("up to date") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &a [*a]", "aliases"),
        ("seed: 1\nseed: 2\nsteps: []", "twice"),
        ("steps:\n  - {command: select, out: x}", "leave it out"),
        ("steps:\n  - {command: select, selector: 'band:low=@a,high=@b'}", "@a"),
        ("steps: [null]", "steps[0]"),
        ("steps:\n  - {command: select, pass_rates: x, size: many}", "size"),
        ("steps:\n  - {command: select, pass_rates: x, size: -1}", "size"),
        ("steps:\n  - {command: score-difficulty, samples: x, model: y, temperature: .nan}", "temperature"),
    ],
)
def test_a_wrong_recipe_is_refused_before_anything_runs(tmp_path, text, words):
    (tmp_path / "r.yaml").write_text(text + "\n")
    done = vtgdata("run", "r.yaml", cwd=tmp_path)
    assert done.returncode == 1 and words in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_a_dry_run_lists_the_steps_and_does_nothing(tmp_path):
    done = vtgdata("run", "demo", "--dry-run", "--json", cwd=tmp_path)
    assert [step["id"] for step in json.loads(done.stdout)["steps"]][:2] == ["shapes", "base"]
    assert not any(tmp_path.iterdir())
