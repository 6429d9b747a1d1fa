"""evaluate as people and scripts see it: what is wrong with a file, on the terminal and in the exit code."""

import json

import pytest

from support.builders import make_sample
from vtgdata.cli.app import run
from vtgdata.files.samples import write_samples


@pytest.fixture
def arguments(tmp_path):
    write_samples(tmp_path / "s.parquet", [make_sample(f"test:{i}", video_id=f"v{i}") for i in range(4)])
    lines = [json.dumps({"sample_id": f"test:{i}", "windows": [[3.0, 9.0]]}) for i in (0, 1, 2, 2, 9)]
    (tmp_path / "p.jsonl").write_text("\n".join([*lines, "torn {"]))
    return [
        "evaluate", "--samples", str(tmp_path / "s.parquet"), "--predictions", str(tmp_path / "p.jsonl"),
        "--out", str(tmp_path / "out"),
    ]  # fmt: skip


def test_a_faulty_file_is_told_in_words_and_by_exit_code_three(arguments, capsys):
    assert run(arguments) == 3
    shown = capsys.readouterr()
    for words in (
        "n 4, unparsed 0, failed 1",
        "test train, labels original: 4",
        "1 samples without a prediction (score 0): test:3",
        "1 rows that answer no scored sample (left out): ",
        "1 rows that answer a sample twice (the first counts): ",
        "p.jsonl:4 (test:2)",
        "1 rows that cannot be read (left out): ",
        "p.jsonl:6",
        "guesses that see no frame",
        "whole video",
    ):
        assert words in shown.out, words
    assert "1 of 4 samples have no prediction" in shown.err and "--max-failed" in shown.err


def test_a_share_of_faults_can_be_allowed_and_a_second_run_does_nothing(arguments, capsys):
    assert run([*arguments, "--max-failed", "0.25", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n"], found["n_unparsed"], found["n_failed"], found["metrics"]["mIoU"]) == (4, 0, 1, 0.75)
    assert {"mIoU", "R1@0.3", "R1@0.5", "R1@0.7"} <= set(found["metrics"])
    assert run([*arguments, "--max-failed", "0.25"]) == 0
    assert "(up to date)" in capsys.readouterr().out


def test_two_files_are_compared_on_the_terminal(arguments, capsys, tmp_path):
    run([*arguments, "--max-failed", "1", "--against", str(tmp_path / "p.jsonl")])
    shown = capsys.readouterr().out
    assert "mIoU 0.0 [-60.2, 60.2], no p from 4 sources, n 4" in shown
    assert "by source (too few for a p-value)" in shown
