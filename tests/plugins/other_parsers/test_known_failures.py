"""The failures of known parsers, each as it was observed; our own reading is right where they are wrong."""

import pytest

from vtgdata.conversation.answer import Form, parse
from vtgdata.files import plugins

DRAFT = "<think>At 5-10 s he sits, so later.</think><answer>12.0 to 15.5</answer>"
QUESTION = "<think>starts at 3 s and ends at 9 s?\n</think>\n<answer>12.0 to 15.5</answer>"
SENTENCE = "starts at 12.0 seconds and ends at 15.5 seconds"
JSON = '{"start": 12.0, "end": 15.5}'
REFUSAL = "I'm sorry, I can't help with this request (policy 2024-05-01)."


def read(name, text, **more):
    pairs = plugins.load("other_parsers", name).read(text, 60.0, **more)
    return None if pairs is None else [list(pair) for pair in pairs]


def reward(name, text):
    pairs = plugins.load("other_parsers", name).read_reward(text, 60.0)
    return None if pairs is None else [list(pair) for pair in pairs]


def ours(text, duration=60.0):
    return [[window.start, window.end] for window in parse(text, duration=duration, form=Form()).counted]


# ---- minutes and seconds, units


def test_minutes_and_seconds_are_misread():
    assert read("time_r1", "01:05 to 01:20") == [[5.0, 1.0]]
    assert read("tvg_r1", "01:05 to 01:20") == [[1.0, 5.0]]
    assert ours("01:05 to 01:20", 100.0) == [[65.0, 80.0]]


@pytest.mark.parametrize(("text", "read_as"), [("12.5s to 20.0s", [12.0, 20.0]), ("5.2s - 10.4s", [5.0, 10.0])])
def test_a_unit_drops_the_decimals(text, read_as):
    assert read("timelens", text) == [read_as]
    assert read("lmms_eval", text, task="timelens") == [read_as]
    assert read("time_r1", text) is None


def test_a_unit_drops_the_decimals_of_sentences_too():
    assert read("lmms_eval", "Start time: 12.5s\nEnd time: 20.0s") == [[12.0, 20.0]]


# ---- lmms-eval's table


@pytest.mark.parametrize(
    ("text", "charades_sta", "timelens", "right"),
    [
        (DRAFT, [[5.0, 10.0]], [[5.0, 10.0]], [[12.0, 15.5]]),
        (QUESTION, None, [[12.0, 15.5]], [[12.0, 15.5]]),
        (SENTENCE, None, [[12.0, 15.5]], [[12.0, 15.5]]),
        (JSON, None, [[12.0, 15.5]], [[12.0, 15.5]]),
        ("30.4 - 24.3", [[24.3, 30.4]], [[30.4, 24.3]], []),
        (REFUSAL, [[5.0, 2024.0]], [[2024.0, 5.0]], []),
    ],
)
def test_what_two_tasks_of_lmms_eval_read(text, charades_sta, timelens, right):
    assert read("lmms_eval", text) == charades_sta
    assert read("timelens", text) == read("lmms_eval", text, task="timelens") == timelens
    assert ours(text) == right


# ---- drafts, two windows


def test_a_draft_in_the_reasoning_counts_where_the_first_tag_does():
    text = "<think>First guess <time>[3.0, 9.0]</time>.</think> <time>[12.0, 15.5]</time>"
    assert read("tvg_r1", text) == reward("tvg_r1", text) == [[3.0, 9.0]]
    assert ours(text) == [[12.0, 15.5]]


def test_time_r1_takes_the_last_pair_of_the_text_and_its_reward_that_of_the_last_answer():
    text = "<answer>12.0 to 15.5</answer> The man then sits, 20 to 25."
    assert read("time_r1", text) == [[20.0, 25.0]]
    assert reward("time_r1", text) == [[12.0, 15.5]]
    assert reward("time_r1", "12.0 to 15.5") is None


def test_of_two_windows_one_takes_the_first_and_another_none():
    text = "The event happens in 5.0 - 10.0, 20.0 - 25.0 seconds."
    assert read("timelens", text) == [[5.0, 10.0]]
    assert read("lmms_eval", text) is None
    assert reward("tvg_r1", "<time>[5.0, 10.0], [20.0, 25.0]</time>") is None
    assert reward("tvg_r1", "<time>[[5.0, 10.0], [20.0, 25.0]]</time>") is None


@pytest.mark.parametrize("content", ["(5.0, 10.0)", "[5.0s, 10.0s]", "[00:05, 00:10]", "[5.0, 10.0], [20.0, 25.0]", ""])
def test_tvg_r1_s_reward_reads_json_and_nothing_else(content):
    assert reward("tvg_r1", f"<think>x</think> <time>{content}</time>") is None


def test_tvg_r1_s_reward_accepts_a_negative_start_and_a_reversed_pair():
    assert reward("tvg_r1", "<time>[-2.0, 10.0]</time>") == [[-2.0, 10.0]]
    assert reward("tvg_r1", "<time>[10.0, 5.0]</time>") == [[10.0, 5.0]]
    assert ours("<time>[-2.0, 10.0]</time>") == ours("<time>[10.0, 5.0]</time>") == []


def test_tvg_r1_s_evaluation_takes_any_two_numbers():
    assert read("tvg_r1", "The woman is 20 to 30 years old.") == [[20.0, 30.0]]
    assert read("tvg_r1", "<time>[5.0s, 10.0s]</time>") == [[5.0, 10.0]]


def test_the_word_to_joins_whatever_stands_round_it():
    assert read("time_r1", "He ties 3 and 5 knots.") == [[3.0, 5.0]]
    assert read("timelens", "The score was 3 to 5.") == [[3.0, 5.0]]
    assert ours("He ties 3 and 5 knots.") == ours("The score was 3 to 5.") == []


# ---- the benchmarks of 2026


def test_the_two_scorers_of_extremewhenbench_read_differently():
    text = "Let me think! The event happens in 15.5 - 12.0 s, or 3 - 4.\nAgain: from 20.0 to 31.0 s."
    assert read("extremewhenbench", text) == [[12.0, 15.5]]
    assert read("extremewhenbench", text, task="lmms_eval") == [[20.0, 31.0]]
    assert read("extremewhenbench", "It happens from 12.0 to 15.5 s.") is None
    assert read("extremewhenbench", "It is 12 - 15. It happens.") == [[12.0, 15.0]], "a full stop ends no piece"


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("when? [[8, 2]]", [[8.0, 2.0]]),
        ("<think>[[1, 2]]</think> [[4, 10], [12.5, 14]]", [[1.0, 2.0]]),
        ("[4, 10] and [12, 14]", [[4.0, 10.0], [12.0, 14.0]]),
        ("2 - 8 seconds, 9 to 12", [[2.0, 8.0], [9.0, 12.0]]),
        ("I see 2 dogs and 3 cats", [[2.0, 3.0]]),
        ("[]", None),
    ],
)
def test_timelens2_finds_windows_in_anything(text, pairs):
    assert read("timelens2", text) == pairs


def test_omtg_takes_tags_in_the_reasoning_and_no_bare_clock():
    assert read("omtg", "<think><time>1 - 2 seconds</time></think><time>3 - 4 seconds</time>") == [
        [1.0, 2.0],
        [3.0, 4.0],
    ]
    assert read("omtg", "01:05 - 01:20") is None
