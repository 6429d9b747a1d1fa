"""What stands in for a Python that is started anew."""

import os
import signal
import subprocess
from pathlib import Path

from support import forked

SHOW = """
import os, sys
print(sys.argv, os.getcwd(), os.environ["WORD"], __name__, sys.stdin.read())
sys.stderr.write("so")
os.write(int(os.environ["PASSED"]), b"passed")
sys.exit(5)
"""


def test_a_program_has_its_arguments_folder_environment_streams_and_exit_code(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    environment = os.environ | {"WORD": "ø", "PASSED": str(writer)}
    with (tmp_path / "said").open("wb") as said:
        process = forked.start(
            ["-c", SHOW, "a b"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=said.fileno(), text=True,
            pass_fds=[writer],
        )  # fmt: skip
    os.close(writer)
    with os.fdopen(reader) as passed:
        assert passed.read() == "passed"
    assert process.communicate() == (f"['-c', 'a b'] {tmp_path} ø __main__ \n", None)
    assert (process.returncode, (tmp_path / "said").read_text()) == (5, "so")


def test_an_error_is_a_traceback_and_exit_code_1() -> None:
    done = forked.run(["-c", "1 / 0"])
    assert done.returncode == 1 and done.stderr.splitlines()[-1] == "ZeroDivisionError: division by zero"


def test_several_run_at_once_and_a_killed_one_says_so() -> None:
    reader, writer = os.pipe()
    one, two = (forked.start(["-c", "input()"], stdin=reader) for _ in range(2))
    assert one.pid != two.pid and one.poll() is None
    one.kill()
    two.send_signal(signal.SIGTERM)
    assert (one.wait(60), two.wait(60)) == (-signal.SIGKILL, -signal.SIGTERM)
    os.close(reader)
    os.close(writer)


def test_nothing_that_reads_the_environment_when_it_is_imported_is_there_before() -> None:
    heavy = ("huggingface_hub", "datasets", "torch", "transformers", "hypothesis", "pytest")
    done = forked.run(["-c", f"import sys; print([name for name in {heavy!r} if name in sys.modules])"])
    assert done.stdout == "[]\n"


def test_modules_are_found_in_the_folder_and_on_the_path_of_the_environment(tmp_path: Path) -> None:
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        (tmp_path / place / f"a_module_{place}.py").write_text("")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "there")}
    done = forked.run(["-c", "import a_module_here, a_module_there"], cwd=tmp_path / "here", env=environment)
    assert done.returncode == 0, done.stderr
