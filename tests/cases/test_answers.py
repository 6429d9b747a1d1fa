"""Answers that users saw read wrongly, each kind by its case: text, duration, the right windows, the right statuses."""

import pytest

from vtgdata.conversation.answer import parse

Case = tuple[str, list[tuple[float, float]], tuple[str, ...]]
DURATION = 60.0
NONE = ("no_answer", "refused", "unparsable")

A01: list[Case] = [
    ("0020.0 - 0029.0 seconds, a man lifts the cup.", [(20.0, 29.0)], ("ok",)),
    ("The given query happens in 0012.5 - 0017.0 seconds.", [(12.5, 17.0)], ("ok",)),
    ("<answer>003.5 to 009.0</answer>", [(3.5, 9.0)], ("ok",)),
    ('{"start": "0012.5", "end": "0017.8"}', [(12.5, 17.8)], ("ok",)),
    ("0000.0 - 0029.0 seconds, a boat. 0030.0 - 0043.0 seconds, a bridge.", [(0.0, 29.0), (30.0, 43.0)], ("ok",)),
    ("from 012.5 to 017.8 seconds", [(12.5, 17.8)], ("ok",)),
]
A03: list[Case] = [
    ("◁think▷maybe from 2 to 9 s◁/think▷12.5 to 17.8 s", [(12.5, 17.8)], ("ok",)),
    ("◁think▷It may be from 2 to 9 s.◁/think▷I did not see it happen.", [], NONE),
    (
        "<|channel|>analysis<|message|>from 2 to 9 seconds maybe<|end|><|start|>assistant"
        "<|channel|>final<|message|>From 12.5 to 17.8 seconds.<|return|>",
        [(12.5, 17.8)],
        ("ok",),
    ),
    (
        "<|channel|>analysis<|message|>Maybe from 2 to 9 seconds, let me look",
        [],
        ("no_answer", "truncated", "unparsable"),
    ),
    ("[THINK]from 2 to 9 s[/THINK]From 12.5 to 17.8 s", [(12.5, 17.8)], ("ok",)),
    ("<thought>\nfrom 2 to 9 s\n</thought>\nFrom 12.5 to 17.8 s", [(12.5, 17.8)], ("ok",)),
    ("<reasoning>\nfrom 2 to 9 s\n</reasoning>\nFrom 12.5 to 17.8 s", [(12.5, 17.8)], ("ok",)),
    ("<analysis>from 2 to 9 s</analysis>\nFrom 12.5 to 17.8 s", [(12.5, 17.8)], ("ok",)),
    ("<thought>\nfrom 2 to 9 s\n</thought>\nI cannot see the action.", [], NONE),
    ("<seed:think>from 2 to 9 s</seed:think>12.5 to 17.8 s", [(12.5, 17.8)], ("ok",)),
]
A04: list[Case] = [
    ("I cannot view or process videos directly, so I can't say which part between 0 and 60 seconds matches.", [], NONE),
    ("I don't have access to the video. Please share the frames from 0:00 to 1:00.", [], NONE),
    ("Sorry, the video could not be loaded. It should run from 00:00 to 01:00.", [], NONE),
    ("I need more information. Is it from 10 to 20 seconds or from 30 to 40 seconds?", [], NONE),
    ("There is no man opening a gate between 0 and 60 seconds.", [], NONE),
    ("The video does not contain this. It only shows a kitchen from 0 to 60 seconds.", [], NONE),
    ("The query does not match any part of the video from 0.0 to 60.0 seconds.", [], NONE),
    ('{"found": false, "start": 0, "end": 60}', [], NONE),
]
A06: list[Case] = [
    ("From 12.5 to 17.8 s<br>The man opens the gate.", [(12.5, 17.8)], ("ok",)),
    ("Start: 12.5s<br/>End: 17.8s<br/>Description: gate", [(12.5, 17.8)], ("ok",)),
    ("<li>12.5 s - 17.8 s</li><li>30 s - 40 s</li>", [(12.5, 17.8), (30.0, 40.0)], ("ok",)),
    ("<reasoning>from 2 to 9 s</reasoning>12.5 to 17.8 s", [(12.5, 17.8)], ("ok",)),
]
A07: list[Case] = [
    ("该动作从视频的12.5秒开始，到17.8秒结束。", [(12.5, 17.8)], ("ok",)),
    ("12.5秒开始，17.8秒结束", [(12.5, 17.8)], ("ok",)),
    ("从第12.5秒开始到第17.8秒结束", [(12.5, 17.8)], ("ok",)),
    ("事件开始于12.5秒，结束于17.8秒。", [(12.5, 17.8)], ("ok",)),
    ("<answer>12.5秒开始，17.8秒结束</answer>", [(12.5, 17.8)], ("ok",)),
]
A09: list[Case] = [
    (
        "<TIME_ZERO><TIME_ZERO><TIME_ONE><TIME_TWO><TIME_DOT><TIME_FIVE> - "
        "<TIME_ZERO><TIME_ZERO><TIME_TWO><TIME_THREE><TIME_DOT><TIME_ZERO> seconds",
        [(12.5, 23.0)],
        ("ok",),
    ),
]
A10: list[Case] = [
    ("From 12.5 seconds to the end of the video.", [(12.5, 60.0)], ("ok",)),
    ("<answer>12.5 to end</answer>", [(12.5, 60.0)], ("ok",)),
    ('{"start": 12.5, "end": "end"}', [(12.5, 60.0)], ("ok",)),
    ("The whole video.", [(0.0, 60.0)], ("ok",)),
]
A14: list[Case] = [
    ('{"start_ms": 12500, "end_ms": 17800}', [(12.5, 17.8)], ("ok",)),
    ('{"ts": 12.5, "te": 17.8}', [(12.5, 17.8)], ("ok",)),
    ('{"st": 12.5, "ed": 17.8}', [(12.5, 17.8)], ("ok",)),
    ('{"start": 12.5, "duration": 5.3}', [(12.5, 17.8)], ("ok",)),
    ('{"segments": ["12.5-17.8", "30-40"]}', [(12.5, 17.8), (30.0, 40.0)], ("ok",)),
    ('{"start": [12.5, 30], "end": [17.8, 40]}', [(12.5, 17.8), (30.0, 40.0)], ("ok",)),
    ('<segment start="12.5" end="17.8"/>', [(12.5, 17.8)], ("ok",)),
    ("| Start | End |\n| --- | --- |\n| 12.5 s | 17.8 s |", [(12.5, 17.8)], ("ok",)),
]


def held(case: Case) -> None:
    text, windows, statuses = case
    answer = parse(text, duration=DURATION)
    assert [(window.start, window.end) for window in answer.windows] == windows
    assert answer.parse_status in statuses


@pytest.mark.parametrize("case", A01, ids=[case[0][:40] for case in A01])
def test_a01_seconds_padded_with_zeros_are_read(case: Case) -> None:
    held(case)


@pytest.mark.parametrize("case", A03, ids=[case[0][:40] for case in A03])
def test_a03_reasoning_between_other_marks_is_no_answer(case: Case) -> None:
    held(case)


@pytest.mark.parametrize("case", A04, ids=[case[0][:40] for case in A04])
def test_a04_a_refusal_a_question_back_or_a_denial_that_mentions_a_range_is_no_answer(case: Case) -> None:
    held(case)


@pytest.mark.parametrize("case", A06, ids=[case[0][:40] for case in A06])
def test_a06_a_tag_does_not_grow_together_what_stands_around_it(case: Case) -> None:
    held(case)


@pytest.mark.parametrize("case", A07, ids=[case[0][:40] for case in A07])
def test_a07_chinese_words_behind_the_time_name_the_bound(case: Case) -> None:
    held(case)


@pytest.mark.parametrize("case", A09, ids=[case[0][:40] for case in A09])
def test_a09_digit_tokens_are_digits(case: Case) -> None:
    held(case)


@pytest.mark.parametrize("case", A10, ids=[case[0][:40] for case in A10])
def test_a10_an_end_said_in_words_is_the_end_of_the_video(case: Case) -> None:
    held(case)


@pytest.mark.parametrize("case", A14, ids=[case[0][:40] for case in A14])
def test_a14_json_spellings_xml_and_tables_are_read(case: Case) -> None:
    held(case)
