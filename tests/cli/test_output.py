"""What people read: broken between words on a terminal, whole in a pipe, never an order to the terminal."""

import contextlib
import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtgdata.cli import app, output
from vtgdata.cli.output import Guarded, folded, guarded_output, painted, say, size


class Terminal(io.StringIO):
    """An output that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    """A terminal of 40 columns that takes colours."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


@contextlib.contextmanager
def printing(out: io.StringIO):
    """What is written to stdout goes there, as the command line prints it."""
    with contextlib.redirect_stdout(out), guarded_output(folds=True):
        yield sys.stdout.write


TEXTS = st.lists(st.text("abc 0123.,%[]()-`", max_size=60), max_size=8).map(" ".join)


@given(TEXTS, st.integers(20, 120))
def test_a_folded_line_fits_but_for_what_must_stay_whole_and_nothing_is_lost(text, width):
    lines = folded(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for line in lines:
        assert size(line) <= width or len(output._WORD.findall(line.strip())) <= 1


WHOLE = ["[12.5, 17.9]", "67.9 %", "40 s", "1,234.5 MB", "`vtgdata pull a b`", "/a/b-c_d/e.f"]


@pytest.mark.parametrize("whole", WHOLE)
def test_what_belongs_together_stays_on_one_line(whole):
    for before in range(30):
        assert any(whole in line for line in folded("x " * before + whole + " y", 40))


def test_a_line_that_is_printed_in_parts_is_folded_as_a_whole(terminal):
    with printing(terminal) as write:
        write("a word " * 4)
        write("and another " * 2 + "\n")
        write("the end")
    lines = terminal.getvalue().split("\n")
    assert [line.rstrip() for line in lines] == ["a word a word a word a word and another", "  and another", "the end"]


def test_a_text_of_a_hundred_thousand_letters_is_cut_and_says_so(terminal):
    with printing(terminal) as write:
        write("word " * 20_000 + "\n")
    said = terminal.getvalue()
    assert "(98,000 more characters)" in said.replace("\n ", "") and len(said) < 3_000


def test_json_on_a_terminal_is_one_line(terminal):
    with contextlib.redirect_stdout(terminal):
        assert app.run(["corpora", "charades_sta", "--json"]) == 0
    assert list(json.loads(terminal.getvalue())) == ["charades_sta"] and terminal.getvalue().count("\n") == 1


def test_a_head_is_bold_and_no_text_from_outside_has_a_colour(terminal):
    with printing(terminal) as write:
        say("head \x1b[31m", "head")
        write("red \x1b[31m\n")
    assert terminal.getvalue() == "\x1b[1mhead \\x1b[31m\x1b[0m\nred \\x1b[31m\n"


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_nobody_gets_colours_who_wants_none(terminal, monkeypatch, variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert painted("x", "bad", terminal) == "x"


def test_a_pipe_has_neither_colours_nor_folded_lines():
    pipe = io.StringIO()
    with printing(pipe) as write:
        say("word " * 40, "bad")
        write("word " * 40 + "\n")
    assert pipe.getvalue() == ("word " * 40 + "\n") * 2


def test_an_order_comes_after_what_was_written_before(terminal):
    guarded = Guarded(terminal)
    guarded.folds = True
    guarded.write("a")
    guarded.order("\x1b[K")
    assert terminal.getvalue() == "a\x1b[K"
