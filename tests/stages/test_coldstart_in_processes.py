"""build-coldstart on stored answers in several processes: the bytes, the messages and the restarts of one process."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import polars as pl
import pytest

from support.builders import make_sample
from vtgdata.engine import given, trace_pieces
from vtgdata.errors import RowsFailed, VtgError
from vtgdata.files import working_processes
from vtgdata.files.samples import write_samples
from vtgdata.stages import coldstart

SAID = (
    "<think>The person opens the door.</think><answer>{0:.1f} to {1:.1f}</answer>",
    "<think>From {0:.1f} s on it is open, until {1:.1f} s.</think> <answer> {0:.1f}s - {1:.1f}s </answer>",
    "<think>It opens from {2:.1f} to {3:.1f} s.</think><answer>{0:.1f} to {1:.1f}</answer>",
    "<think>The annotation says {0:.1f}.</think><answer>{0:.1f} to {1:.1f}</answer>",
    "<think>The door is shut.</think><answer>{2:.1f} to {3:.1f}</answer>",
    "There is no such moment.",
    "words alone",
)
N = len(SAID)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Samples with answers of every kind that were asked for here, in `asked`; a process for a few answers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(given, "CHUNK", 16)
    monkeypatch.setattr(trace_pieces, "LEAST", 16)
    samples, texts = [], {}
    for number in range(100):
        start, late = 2.0 + number % 23, 30.0 + number % 9
        samples.append(make_sample(f"t:{number}", video_id=f"v{number // 2}", windows=[(start, start + 7.5)],
                                   corpus="ab"[number % 3 == 0], duration=60.0, labelled=number % 20 != 7))  # fmt: skip
        texts[f"t:{number}"] = [text.format(start, start + 7.5, late, late + 5) for text in SAID]
    write_samples(Path("samples.parquet"), samples)
    Path("texts.json").write_bytes(msgspec.json.encode(texts))
    cold("asked")
    return tmp_path


def settings(out: str, **changes) -> coldstart.Settings:
    values = {"samples": "samples.parquet", "out": out, "model": "support.told_teacher:texts.json", "n": N,
              "concurrency": 1, "keep": {"tiou": 0.5, "giou": 0.1}, "per_sample": 2}  # fmt: skip
    return coldstart.Settings(**values | changes)


def cold(out: str, **changes) -> coldstart.Summary:
    found = coldstart.run(settings(out, **changes))
    assert isinstance(found, coldstart.Summary)
    return found


def made(out: str) -> dict[str, bytes | dict]:
    """The tables, and what meta.json says of the run but for its place."""
    meta = msgspec.json.decode(Path(out, "meta.json").read_bytes())
    summary = {name: value for name, value in meta["summary"].items() if name != "out"}
    return {name: Path(out, name).read_bytes() for name in ("rollouts.parquet", "traces.parquet")} | {
        "summary": summary, "hash": msgspec.json.encode(meta["settings"]),
    }  # fmt: skip


@pytest.fixture
def processes(monkeypatch) -> list[int]:
    """The processes that are started from now on."""
    seen: list[int] = []

    class Seen(working_processes._Process):
        def __init__(self, work: working_processes.Work) -> None:
            super().__init__(work)
            seen.append(self._process.pid)

    monkeypatch.setattr(working_processes, "_Process", Seen)
    return seen


def test_any_number_of_processes_writes_the_bytes_of_one_whether_texts_are_parsed_or_not(desk, processes):
    Path("own").mkdir()
    Path("own/rollouts.parquet").write_bytes(Path("asked/rollouts.parquet").read_bytes())  # nobody says how it was read
    for stored in ("asked", "own"):
        file = f"{stored}/rollouts.parquet"
        one = cold("one", rollouts=file, workers=1)
        assert not processes
        two = cold("two", rollouts=file, workers=2)
        assert len(processes) == 2 and one.reasons == two.reasons and len(one.reasons) > 4 and one.marks
        tables, others = made("two"), made("asked")
        assert tables == made("one"), stored
        for name in ("rollouts.parquet", "traces.parquet"):
            assert tables[name] == others[name], "as when they were asked for"
        processes.clear()
    again = cold("two", rollouts="own/rollouts.parquet", workers=7)
    assert again.up_to_date is True and not processes, "how many work is no part of what is made"


def of_one_text(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(frame_times=pl.when(pl.col("key") == frame["key"][400]).then(None).otherwise([1.0, 2.0]))


def with_a_failure(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(error=pl.when(pl.col("sample_id") == "t:60").then(pl.lit("timeout")).otherwise("error"))


def without_a_row(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter((pl.col("sample_id") != "t:70") | (pl.col("index") != 3))


SLOW = [pytest.param(change, marks=pytest.mark.slow) for change in (with_a_failure, without_a_row)]


@pytest.mark.parametrize("change", [of_one_text, *SLOW])
def test_what_is_wrong_is_said_as_one_process_says_it(desk, change: Callable[[pl.DataFrame], pl.DataFrame], processes):
    Path("own").mkdir()
    change(pl.read_parquet("asked/rollouts.parquet")).write_parquet("own/rollouts.parquet")
    said: list[tuple[type, str]] = []
    for workers in (1, 2):
        with pytest.raises((VtgError, TypeError)) as wrong:
            cold("out", rollouts="own/rollouts.parquet", workers=workers)
        said.append((wrong.type, str(wrong.value)))
    assert said[0] == said[1] and len(processes) == 2
    if change is not with_a_failure:
        assert not list(Path().glob("out/*.parquet"))
    else:
        assert said[0][0] is RowsFailed


def test_a_process_that_is_killed_ends_the_run_in_words_and_the_next_one_is_whole(desk, monkeypatch):
    done, pieces = working_processes._Process.done, []

    def killed(self, packed: bytes) -> bytes | None:
        pieces.append(packed)
        if len(pieces) == 4:
            os.kill(self._process.pid, signal.SIGKILL)
        return done(self, packed)

    with monkeypatch.context() as patched, pytest.raises(VtgError, match=r"ended by signal 9 .*--workers 1"):
        patched.setattr(working_processes._Process, "done", killed)
        cold("out", rollouts="asked/rollouts.parquet")
    assert not list(Path().glob("out/*.parquet")) and not list(Path().glob("out/.*.tmp"))
    cold("out", rollouts="asked/rollouts.parquet")
    cold("one", rollouts="asked/rollouts.parquet", workers=1)
    assert made("out") == made("one")


SEEN = """
seen = set()


def verify(rows, sample, frames):
    before = len(seen)
    seen.add(sample.sample_id)
    return [None if before < 60 else "enough" for _ in rows]
"""


def test_a_verifier_of_the_users_own_sees_all_samples_in_one_process(desk, processes, monkeypatch):
    Path("lab").mkdir()
    Path("lab/seen.py").write_text(SEEN)
    monkeypatch.syspath_prepend(str(desk))
    found = cold("out", rollouts="asked/rollouts.parquet", verify=["lab.seen"], keep={}, per_sample=0)
    assert not processes and 0 < found.samples_with_trace <= 60


def test_few_answers_need_no_process(desk, processes, monkeypatch):
    monkeypatch.setattr(trace_pieces, "LEAST", 100 * N // 2 + 1)
    cold("out", rollouts="asked/rollouts.parquet")
    assert not processes


SCRIPT = """
import msgspec, sys
from vtgdata.engine import given, trace_pieces
from vtgdata.stages import coldstart
given.CHUNK = trace_pieces.LEAST = 16
coldstart.run(msgspec.convert(msgspec.json.decode(sys.argv[1]), coldstart.Settings))
"""


@pytest.mark.slow
@pytest.mark.parametrize("count", range(1, 9))
def test_a_run_that_is_killed_at_any_place_begins_again_and_writes_the_same(desk, count):
    asked = msgspec.json.encode(settings("out", rollouts="asked/rollouts.parquet")).decode()
    command = [sys.executable, "-c", SCRIPT, asked]
    ended = subprocess.run(command, env=os.environ | {"VTGDATA_FAIL_POINT": f"any:{count}"}, check=False).returncode
    assert ended in (-signal.SIGKILL, 0)
    subprocess.run(command, check=True)
    cold("one", rollouts="asked/rollouts.parquet", workers=1)
    assert made("out") == made("one")
    assert {path.name for path in Path("out").iterdir()} == {path.name for path in Path("one").iterdir()}
