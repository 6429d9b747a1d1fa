"""Tables and texts for people: folded to a terminal, one line per row in a pipe, and never an order to the terminal."""

import json
import os
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import forked
from support.builders import make_sample
from support.terminals import on_terminal
from vtgdata.cli.columns import table_lines
from vtgdata.cli.printing import counts, table
from vtgdata.cli.running import finish
from vtgdata.files.samples import write_samples

METRICS = ["mIoU", "R1@0.3", "R1@0.5", "R1@0.7"]
MODEL = "openai_api:Qwen/Qwen3-VL-235B-A22B-Instruct"
HEADER = ["per cent (guesses fitted on the scored samples)", *(text for name in METRICS for text in (name, "95 %"))]
ROWS = [
    ["guess: whole_video", *["23.1", "[21.0, 25.2]"] * 4],
    [f"{MODEL}, sighted", *["100.0", "[99.0, 100.0]"] * 4],
    [f"{MODEL}, strict", *["-", ""] * 4],
]


def blocks(lines: list[str]) -> list[list[str]]:
    return [block.split("\n") for block in "\n".join(lines).split("\n\n")]


def test_in_a_pipe_every_row_is_one_line_however_wide(capsys):
    table(["name", "n", "what it is"], [["a", "1,234", "short"], ["b" * 90, "5", "x " * 40]])
    assert capsys.readouterr().out.splitlines() == [
        f"{'name':90}      n  {'what it is':>80}",
        f"{'-' * 90}  -----  {'-' * 80}",
        f"{'a':90}  1,234  {'short':>80}",
        f"{'b' * 90}      5  {'x ' * 40}".rstrip(),
    ]


def test_on_a_terminal_that_is_wide_enough_texts_stand_to_the_left():
    assert table_lines(["name", "n", "state"], [["a", "7", "done"], ["b", "-", "all is done"]], 80) == [
        "name  n  state",
        "----  -  -----------",
        "a     7  done",
        "b     -  all is done",
    ]


def test_a_table_that_is_too_wide_becomes_several_below_each_other_with_the_first_column_in_each():
    assert table_lines(HEADER, ROWS, 80) == [
        "per cent (guesses fitted on the",
        "scored samples)                       mIoU           95 %  R1@0.3           95 %",
        "-----------------------------------  -----  -------------  ------  -------------",
        "guess: whole_video                    23.1   [21.0, 25.2]    23.1   [21.0, 25.2]",
        "openai_api:Qwen/                     100.0  [99.0, 100.0]   100.0  [99.0, 100.0]",
        "  Qwen3-VL-235B-A22B-Instruct,",
        "  sighted",
        "openai_api:Qwen/                         -                      -",
        "  Qwen3-VL-235B-A22B-Instruct,",
        "  strict",
        "",
        "per cent (guesses fitted on the",
        "scored samples)                     R1@0.5           95 %  R1@0.7           95 %",
        "----------------------------------  ------  -------------  ------  -------------",
        "guess: whole_video                    23.1   [21.0, 25.2]    23.1   [21.0, 25.2]",
        "openai_api:Qwen/                     100.0  [99.0, 100.0]   100.0  [99.0, 100.0]",
        "  Qwen3-VL-235B-A22B-Instruct,",
        "  sighted",
        "openai_api:Qwen/                         -                      -",
        "  Qwen3-VL-235B-A22B-Instruct,",
        "  strict",
    ]


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_no_number_interval_or_word_is_cut(width):
    lines = table_lines(HEADER, ROWS, width)
    text = "\n".join(lines)
    assert max(map(len, lines)) <= width
    assert (text.count("[21.0, 25.2]"), text.count("[99.0, 100.0]")) == (4, 4)
    assert text.count("Qwen3-VL-235B-A22B-Instruct,") == 2 * len(blocks(lines))


WORDS = st.text("abcdefgh", min_size=1, max_size=12)
CELLS = st.one_of(st.lists(WORDS, max_size=12).map(" ".join), st.sampled_from(["-", "12,345", "[21.0, 25.2]"]))


@given(st.integers(1, 9).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=5)),
       st.integers(40, 160))  # fmt: skip
def test_whatever_a_table_holds_it_fits_and_every_word_is_whole(cells, width):
    header, *rows = cells
    lines = table_lines(header, rows, width)
    assert max(map(len, lines)) <= width
    shown = "\n".join(lines).split()
    for row in cells:
        for word in " ".join(row).split():
            assert word in shown


def test_columns_hold_their_place_beside_characters_that_take_two():
    assert table_lines(["视频", "n"], [["a", "1"], ["視頻资料", "22"]], 80) == [
        "视频       n",
        "--------  --",
        "a          1",
        "視頻资料  22",
    ]


def test_no_text_is_markup_or_an_order_to_the_terminal(capsys):
    texts = ["[bold]x[/bold]", "red \x1b[31m", "two\nlines", "\x9b2J", "back \u202e", "caf\udce9"]
    table(["text"], [[text] for text in texts])
    counts("found", {"\x1b[2J": 1})
    finish({"text": "ring \x07 \x1b]0;title\x07"}, False, lambda summary: sys.stdout.write(f"{summary['text']}\n"))
    assert capsys.readouterr().out.splitlines()[2:] == [
        "[bold]x[/bold]",
        r"red \x1b[31m",
        r"two\nlines",
        r"\x9b2J",
        r"back \u202e",
        r"caf\udce9",
        r"found: \x1b[2J 1",
        r"ring \x07 \x1b]0;title\x07",
    ]


def test_counts_stay_beside_their_names_on_a_narrow_terminal(capsys, monkeypatch):
    monkeypatch.setattr("vtgdata.cli.printing.terminal_width", lambda: 24)
    counts("  why", {"too long": 1, "too short": 2_000, "odd": 3})
    assert capsys.readouterr().out == "  why: too long 1,\n    too short 2,000,\n    odd 3\n"


@pytest.mark.parametrize("columns", [80, 120])
def test_the_catalogue_fits_a_terminal_and_has_no_colours_where_nobody_wants_them(columns, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    code, said = on_terminal(["-m", "vtgdata", "corpora"], columns=columns, shows="stdout")
    catalogue = said.split("\n* benchmark")[0].splitlines()
    assert code == 0 and "\x1b" not in said
    assert max(map(len, catalogue)) <= columns
    assert {"charades_sta", "qvhighlights"} <= {line.split()[0] for line in catalogue}


def test_the_scores_of_evaluate_fit_a_terminal_of_80_columns_and_keep_one_line_per_row_in_a_pipe(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)
    write_samples(tmp_path / "s.parquet", [make_sample(f"test:{i}", video_id=f"v{i}") for i in range(4)])
    lines = [json.dumps({"sample_id": f"test:{i}", "windows": [[3.0, 9.0]]}) for i in range(4)]
    (tmp_path / "p.jsonl").write_text("\n".join(lines))
    command = [
        "-m", "vtgdata", "evaluate", "--samples", "s.parquet", "--predictions", "p.jsonl", "--out", "out",
    ]  # fmt: skip
    code, said = on_terminal(command, columns=80, shows="stdout")
    scores = said[said.index("per cent") : said.index("written to")]
    assert code == 0 and max(map(len, scores.splitlines())) <= 80
    assert "guesses that see no frame" in scores and "whole video" in scores
    piped = forked.run(command, env=os.environ | {"COLUMNS": "80"}).stdout
    row, guesses = (line for line in piped.splitlines() if line.startswith("mIoU"))
    assert len(re.findall(r"\[\d+\.\d, \d+\.\d\]", row)) == 1 and len(re.findall(r"\d+\.\d", guesses)) == 5
