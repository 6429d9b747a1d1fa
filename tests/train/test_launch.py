"""Several processes are started by one command: what they say passes on, and their error is raised with its class."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from vtgdata import errors
from vtgdata.errors import EndpointRefused, Locked, VideoUnreadable, VtgError, of_process
from vtgdata.train import crew, grpo_arguments, launch, launch_config, memory, rl, session, sft

LAUNCHER = """
import os, pathlib, sys
said = sys.argv[1]
print("from the processes"); print("W0101 00:00:00 torch/distributed/run.py noise", file=sys.stderr)
print("[rank1]: Traceback of a plain error", file=sys.stderr)
if said.startswith("{"):
    pathlib.Path(os.environ["VTGDATA_FAILED"]).write_text(said); sys.exit(1)
if said == "wait":
    from vtgdata.files import child_processes
    child_processes.end_with_parent()
    print("waits", flush=True); import time; time.sleep(60)
sys.exit(int(said))
"""


def settings(**changes):
    return sft.Settings(release="", model="", videos="", out="", launch=2, **changes)


@pytest.fixture
def launcher(tmp_path, monkeypatch):
    (tmp_path / "launcher.py").write_text(LAUNCHER)

    def give(said):
        monkeypatch.setattr(launch, "words", lambda _: [sys.executable, str(tmp_path / "launcher.py"), said])

    return give


@pytest.mark.parametrize("kind", [VtgError, Locked, EndpointRefused, VideoUnreadable])
def test_the_error_of_a_process_is_raised_with_its_class_and_exit_code(launcher, kind, capfd):
    launcher(json.dumps({"kind": kind.__name__, "words": "it went wrong"}))
    with pytest.raises(kind, match="it went wrong") as raised:
        launch.start("train sft", settings())
    assert raised.value.exit_code == kind.exit_code
    assert "noise" not in capfd.readouterr().err


@pytest.mark.parametrize(
    "name", [n for n, k in vars(errors).items() if isinstance(k, type) and issubclass(k, VtgError)]
)
def test_every_error_keeps_its_words_and_exit_code_from_process_to_process(name):
    made = of_process(name, "what was said")
    assert (str(made), made.exit_code) == ("what was said", getattr(errors, name).exit_code)


def test_an_unknown_kind_of_error_is_an_error_of_a_user():
    assert type(of_process("Nothing", "words")) is type(of_process("Path", "words")) is VtgError


def test_what_processes_say_of_a_bug_passes_on_to_stderr_and_nothing_to_stdout(launcher, capfd):
    launcher("1")
    with pytest.raises(VtgError, match="broke off with exit code 1; what they said is above"):
        launch.start("train sft", settings())
    said = capfd.readouterr()
    assert said.out == ""
    assert "from the processes" in said.err and "Traceback of a plain error" in said.err and "noise" not in said.err


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(signal.SIGKILL, marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_the_processes_too(tmp_path, number):
    (tmp_path / "launcher.py").write_text(LAUNCHER.replace('print("waits"', 'print("waits", os.getpid()'))
    code = (
        "import signal, sys\n"
        "from vtgdata.train import launch, sft\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def end(*_): raise SystemExit(143)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        f"launch.words = lambda _: [sys.executable, {str(tmp_path / 'launcher.py')!r}, 'wait']\n"
        "launch.start('train sft', sft.Settings(release='', model='', videos='', out='', launch=2))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    child = next(int(line.split()[1]) for line in process.stderr if line.startswith("waits"))
    process.send_signal(number)
    process.wait(30)
    for _ in range(500):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            break
        time.sleep(0.01)
    else:
        pytest.fail("the launcher outlived the command")
    process.stderr.close()


def test_torchrun_starts_as_many_processes_as_asked():
    said = launch.words(settings(), "python")
    assert said[-4:] == ["--standalone", "--nproc_per_node", "2", "-m"]


OURS = {
    "ddp": (8, 1, ""), "fsdp2": (8, 1, "fsdp2"), "zero2": (8, 1, "zero2"), "zero3": (8, 1, "zero3"),
    "two_nodes": (16, 2, "fsdp2"),
}  # fmt: skip


@pytest.mark.parametrize("name", launch_config.names())
def test_our_files_say_what_they_start_and_that_nobody_ran_them(name):
    path = launch_config.find(name)
    found = launch_config.read(path)
    assert (found.processes, found.machines, found.sharding) == OURS[name]
    head = [line for line in path.read_text().splitlines() if line.startswith("#")]
    assert any(line.startswith("# Not run: ") for line in head)
    said = launch.words(sft.Settings(release="", model="", videos="", out="", accelerate=name), "python")
    assert said[:4] == ["python", "-m", "accelerate.commands.launch", "--config_file"] and said[-1] == "--module"


@pytest.mark.slow
def test_our_files_are_what_accelerate_reads():
    pytest.importorskip("accelerate", reason="needs vtgdata[train]")
    from accelerate.commands.config.config_args import load_config_from_file

    for name in launch_config.names():
        found = load_config_from_file(str(launch_config.find(name)))
        assert found.num_processes == OURS[name][0]


def test_each_machine_says_which_one_it_is(monkeypatch):
    for name, value in {"NODE_RANK": "1", "MASTER_ADDR": "10.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    said = launch.words(sft.Settings(release="", model="", videos="", out="", accelerate="two_nodes"), "python")
    assert said[said.index("--machine_rank") + 1] == "1" and said[said.index("--main_process_ip") + 1] == "10.0.0.1"
    assert "--main_process_port" not in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a", "no configuration"),
        ("num_processes: some", "whole numbers"),
        ("distributed_type: FSDP\nfsdp_config: {fsdp_version: 1}", "fsdp_version must be 2"),
        ("distributed_type: DEEPSPEED\ndeepspeed_config: {zero_stage: 1}", "take 2 or 3"),
        ("distributed_type: TPU", "take MULTI_GPU"),
    ],
)
def test_a_file_that_we_cannot_train_by_is_refused_with_words(tmp_path, text, words):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(VtgError, match=words):
        launch_config.read(tmp_path / "a.yaml")


def test_a_misspelt_file_is_refused_with_the_nearest_name():
    with pytest.raises(VtgError, match="did you mean 'fsdp2'"):
        launch_config.find("fsdp")


def test_our_file_for_two_machines_wants_to_know_which_one_this_is(monkeypatch):
    monkeypatch.setenv("NODE_RANK", "0")
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    with pytest.raises(VtgError, match="--accelerate two_nodes: MASTER_ADDR must be set"):
        launch.start("train sft", sft.Settings(release="", model="", videos="", out="", accelerate="two_nodes"))


def test_a_configuration_under_another_launcher_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    given = sft.Settings(release="", model="", videos="", out="", accelerate="fsdp2")
    with pytest.raises(VtgError, match="another launcher has started 2 processes already"):
        session.run("train sft", given, sft.Summary, sft.fit, "coldstart")


@pytest.mark.parametrize("started", ["", "by us"])
def test_another_number_of_processes_than_asked_is_refused_and_none_is_started_again(monkeypatch, started):
    monkeypatch.setenv("WORLD_SIZE", "1" if started else "3")
    monkeypatch.setenv("RANK", "0")
    if started:
        monkeypatch.setenv(launch.FAILED, "/nonexistent/file")
    monkeypatch.setattr(launch, "start", lambda *_: pytest.fail("processes were started"))
    with pytest.raises(VtgError, match=r"--launch 2: the launcher started [13] process"):
        session.run("train sft", settings(), sft.Summary, sft.fit, "coldstart")


def test_a_command_that_does_not_train_is_refused_in_several_processes(monkeypatch):
    from vtgdata.cli import commands
    from vtgdata.stages import select

    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    with pytest.raises(VtgError, match="was started in 2 processes"):
        commands.execute("select", select.Settings(pass_rates="p", selector="uniform", size=1, out="o"))


def test_only_the_first_process_of_a_machine_speaks_before_all_have_met(monkeypatch, capsys):
    for name, value in {"WORLD_SIZE": "2", "RANK": "1", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    crew.hush()
    sys.stdout.write("a line\n")
    sys.stderr.write("an error\n")
    monkeypatch.setattr(crew, "_met", True)
    sys.stderr.write("a late error\n")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "a late error\n")


def test_vllm_is_in_one_place_and_must_be_there():
    given = {"release": "", "model": "", "videos": "", "out": ""}
    with pytest.raises(VtgError, match="one place"):
        grpo_arguments.vllm(rl.Settings(**given, vllm_server="http://127.0.0.1:1", vllm_colocate=0.3))
    with pytest.raises(VtgError, match=r"vLLM is not installed here.*0\.22 to 0\.31"):
        grpo_arguments.vllm(rl.Settings(**given, vllm_colocate=0.3))
    assert grpo_arguments.vllm(rl.Settings(**given, vllm_server="http://127.0.0.1:1"))["vllm_mode"] == "server"


def test_colocated_vllm_sleeps_while_the_model_is_trained(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
    found = grpo_arguments.vllm(rl.Settings(release="", model="", videos="", out="", vllm_colocate=0.3))
    assert found == {
        "use_vllm": True, "vllm_mode": "colocate", "vllm_gpu_memory_utilization": 0.3, "vllm_enable_sleep_mode": True,
    }  # fmt: skip
    assert memory.How(tokens=1, scored=1).sleeps
