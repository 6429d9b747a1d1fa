"""What the grammar makes of words, JSON and traps beyond the probe set; written with the parser, so no oracle."""

import pytest

from vtgdata.conversation.answer import Form, parse

ONE = Form("<answer>{start} to {end}</answer>", reasoning=False)
SEVERAL = Form("<answer>[({start}, {end}), ...]</answer>", reasoning=False)

FROM_12_TO_15_5 = [
    "Start time: 12 seconds, End time: 15.5 seconds", "The event occurs from 12.0s-15.5s.", "(12.0s - 15.5s)",
    "Time interval: [12.0, 15.5]", "The relevant segment is [12.0, 15.5].", "The answer is 12.0 - 15.5",
    "The timestamps are 12.0 and 15.5 seconds.", "12.0, 15.5", "**12.0s** – **15.5s**",
    "The event happens between **12.0** and **15.5** seconds.", "at 12.0s until 15.5s",
    "It occurs at around 12.0 to 15.5 seconds into the video.",
    "The man opens the gate between the 12.0 second mark and the 15.5 second mark.",
    "from 12.0 seconds to approximately 15.5 seconds", "<answer>12.0s→15.5s</answer>",
    "<answer>[12.0s, 15.5s]</answer>", "<answer>Start: 12.0, End: 15.5</answer>",
    "<answer>start=12.0 end=15.5</answer>", "<answer>12.0 - 15.5 seconds</answer>", "Answer: [12.0, 15.5]",
    "My answer is <time>12.0 - 15.5</time>.", "<time>[12.0,15.5]</time>", "<answer>(12.0,15.5)</answer>",
    '{"start_time": "12.0s", "end_time": "15.5s"}', '{"startTime": 12.0, "endTime": 15.5}',
    '{"timestamp": "00:12.0 - 00:15.5"}', '{"answer": "12.0 to 15.5"}',
    '{"event": "gate", "segment": {"start": 12.0, "end": 15.5}}', "{start: 12.0, end: 15.5}",
    '[{"label": "gate", "segment": [12.0, 15.5], "score": 0.9}]', '{"pred_relevant_windows": [[12.0, 15.5, 0.9]]}',
    "The gate opens at 0:12 and closes at... from 12.0 s to 15.5 s.", "0:12.0-0:15.5", "00:12.0 --> 00:15.5",
    "[00:12.0] - [00:15.5]", "[00:12.0 --> 00:15.5]", "From 0 min 12 s to 0 min 15.5 s", "12.0 sec. to 15.5 sec.",
    "Between 12.0 sec. and 15.5 sec.", "The window runs 12.0–15.5 s.", "It begins around 12.0s and ends around 15.5s.",
    "Beginning at 12.0 seconds and ending at 15.5 seconds", "It starts from 12.0s and lasts until 15.5s.",
    "<answer>12.0 to 15.5</answer>\n\nThe gate opens at 9 s.", "<answer>From 12.0 to 15.5</answer>",
    "<answer>12.0 to 15.5 s.</answer>", "<answer>12.0 to 15.5\n</answer", "Final answer: 12.0 to 15.5",
    "The final answer is: 12.0 - 15.5 s", "$\\boxed{12.0, 15.5}$", "\\[12.0 \\text{ s to } 15.5 \\text{ s}\\]",
    "\\(12.0\\) to \\(15.5\\) seconds", "从第12.0秒开始，到第15.5秒结束。", "开始时间：12.0秒，结束时间：15.5秒",
    "在12.0秒和15.5秒之间", "12.0 сек - 15.5 сек", "12,0 s bis 15,5 s", "Von 12,0 bis 15,5 Sekunden",
    "entre 12.0 y 15.5 segundos", "de 12,0 à 15,5 secondes", "12.0초부터 15.5초까지", "12.0秒から15.5秒まで",
    "I think it takes place from 12.0 to 15.5 seconds because he opens the gate at 12.0 seconds.",
    "The event happens in 12.0 - 15.5 seconds. The video is 60 seconds long.",
    "The event can be seen in the interval 12.0 - 15.5 s", "timestamp: 12.0 - 15.5", "Time period: 12.0s to 15.5s",
    "The moment: 12.0s ~ 15.5s", "~12.0s - ~15.5s", "<|begin_of_box|><answer>12.0 to 15.5</answer><|end_of_box|>",
    "<answer> [ [12.0, 15.5] ] </answer>", "<answer>[(12.0, 15.5)]</answer>",
    "<answer>12.0 to 15.5 (approximately)</answer>", "<answer>approximately 12.0 to 15.5</answer>",
    "<answer>12.0 seconds (when he enters) to 15.5 seconds</answer>", "Seconds 12.0 to 15.5", "seconds 12.0-15.5",
    "<answer>Seconds 12.0 to 15.5</answer>", "The event lasts from 12.0 to 15.5, i.e. 3.5 seconds.",
    "(start: 12.0, end: 15.5)", "start_time: 12.0\nend_time: 15.5", "<start>12.0</start><end>15.5</end>",
    "<answer><start>12.0</start><end>15.5</end></answer>", "<time_start>12.0</time_start> <time_end>15.5</time_end>",
    "The span is 12.0 s through 15.5 s", "12.0 s up to 15.5 s", "12.0s and 15.5s", "from 12.0 to 15.5 of the video",
    "from 12.0 to 15.5 in the video.", "It happens within 12.0 - 15.5 seconds.", "The event occurs during 12.0-15.5s",
    "The timestamps: start 12.0, end 15.5.",
]  # fmt: skip
FROM_12_TO_17 = [
    "from the 12th second to the 17th second", "at 12s-17s", "12-17 sec", "00:12 to 00:17 (12 to 17 seconds)",
    "t = 12 to t = 17", "between seconds 12 and 17", "start at 12, end at 17", "12.0 s bis 17.0 s", "approx. 12–17 s",
    "ca. 12 - 17 s", "<answer>12 17</answer>", "<answer>12;17</answer>", "<answer>12\n17</answer>",
    '{"start": 12, "end": 17, "unit": "seconds"}', '{"begin": 12, "finish": 17}', '{"from": "0:12", "to": "0:17"}',
    '{"timestamps": {"start": 12, "end": 17}}', '{"result": {"windows": [{"start": 12, "end": 17}]}}',
    '{"moments": [[12, 17]]}', '{"interval": "12 to 17 seconds"}',
    '{"answer": "The event happens in 12 - 17 seconds."}', '{"time_range": [12, 17]}', '{"span": "12-17"}',
    "<think> he sits <answer>12.0 to 17.0</answer>", "```python\n[12, 17]\n```", "- 12 s to 17 s", "> 12 s to 17 s",
    "1. 12 s to 17 s", "| 12 s - 17 s |", "<answer>12 sec - 17 sec.</answer>", "<answer>[12 to 17]</answer>",
    "<answer>{12, 17}</answer>", "<answer>12–17</answer>", "<answer>t=12 to t=17</answer>",
    "<answer>Start: 12s End: 17s</answer>", "<answer>starts at 12, ends at 17</answer>",
    "<answer>0m12s - 0m17s</answer>", "<answer>12 s -> 17 s</answer>", "<answer>between 12 and 17</answer>",
    "<answer>[12,17]</answer>", '<answer>[ "00:12", "00:17" ]</answer>', "The clip from 12 s to 17 s shows it.",
    "It can be observed from 0:12 until 0:17.", "As seen in the frames from 12.0s to 17.0s, he jumps.",
    "The event 'a man runs' happens in 12 - 17 seconds.", "The man starts running at 12 s and stops at 17 s.",
    "He begins to sing at 12 s and finishes at 17 s.", "Start: 00:12\nEnd: 00:17", "start: 12s, end: 17s",
    "(00:12-00:17)", "[12s-17s]", "The answer is [12.0, 17.0].", "Answer = [12, 17]",
    "The segment spans 12 s to 17 s.", "From second 12 to second 17", "Second 12 to second 17",
    "12 seconds to 17 seconds", "from 12 to 17 s", "from 12 s to 17", "12 s to 17", "Time range: 12 - 17",
    "Timestamps: 12 - 17", "timestamp 12 - 17", "12 - 17\n", "The best match is 12 - 17 seconds",
    "the event is visible from 12 to 17.", "It is 12 to 17 seconds in.", "He speaks at 12-17s.",
    "The interval [12, 17] contains it.", "The event is from 12 to 17, when he leaves.",
    "The event occurs between 00:00:12 and 00:00:17.", "0.2 min to 17 s",
    "The video shows a man. At 12 s he sits; at 17 s he stands. The event happens from 12 s to 17 s.",
]  # fmt: skip
FIVE_TO_TEN_AND_TWENTY_TO_25 = [
    "5 - 10, 20 - 25", "[[5, 10], [20, 25]]", "<answer>5-10, 20-25</answer>", "<answer>5.0-10.0 20.0-25.0</answer>",
    "First from 5 s to 10 s, then from 20 s to 25 s.", "0:05-0:10, 0:20-0:25", "<answer>[5, 10] and [20, 25]</answer>",
    "1. 5 s - 10 s\n2. 20 s - 25 s", '{"windows": [[5, 10], [20, 25]]}',
    '[{"start": 5, "end": 10}, {"start": 20, "end": 25}]', "between 5 and 10 s and between 20 and 25 s",
    "starts at 5 s and ends at 10 s; starts at 20 s and ends at 25 s", "5s to 10s\n20s to 25s",
    "1. 5 - 10\n2. 20 - 25", "(5, 10), (20, 25)", "<answer>5 to 10 | 20 to 25</answer>",
    '{"start": 5, "end": 10}\n{"start": 20, "end": 25}', "<answer>5-10;20-25</answer>", "[5-10], [20-25]",
    "Segments: 5-10s, 20-25s",
]  # fmt: skip
NO_WINDOW = [
    "The event happened in 1999.", "3/5", "Score 3-5", "between you and me 3 5",
    "He scored 3 goals from 2 to 5 meters.", "Frame 12 to 45", "frame indices [3, 9] of 32",
    "<answer>frames 3-9</answer>", "<12><17>", "Temperature from 20 to 30 degrees", "It costs 12.50 to 15.50 dollars",
    "Chapter 3 to chapter 5", "from 5 pm to 6 pm", "at 10:30 AM to 11:00 AM", "in 2019 to 2021", "call 555 123 4567",
    "The ratio is 3:2 to 4:3", "lines 12-15", "Figure 3-5", "IP 192.168.1.1-192.168.1.5", "version 1.2.3 to 1.2.4",
    "He takes 3 to 5 steps.", "wait 5-10 seconds", "It lasts 5 to 10 seconds.", "lasting between 5 and 10 seconds",
    "takes about 5 to 10 seconds", "2x to 3x speed", "5-10 kg", "3 to 4 cm", "between 2 and 3 miles",
    "from 50% to 75%", "12.5s", "around 30 s", "at 12.5 s and again at 20 s", "He jumps at 5 s, 10 s and 15 s.",
    "in the first 10 seconds", "in the last 5 seconds of the video", "1st to 3rd", "Q3 to Q4", "A4 to A5",
    "Genesis 3:5 to 3:10 verse", "5 out of 10", "12/05/2023 to 13/05/2023", "January 5 to 8", "5-8 January",
    "2024/05/01", "the 3-5 year olds", "ages 3 to 5", "a 3-5 split", "the temperature is between 20 and 25.",
    "ISO 100-200", "page 3-5", "10-15 people", "<answer>$5</answer>", "<answer>5 dollars to 10 dollars</answer>",
    "<answer>5 km to 10 km</answer>", "<answer>v1.2 to v1.5</answer>", "<answer>3rd to 5th</answer>",
    "<answer>12.5 m to 15 m high</answer>", "<answer>score: 3 to 5</answer>", "<answer>confidence 0.2 to 0.8</answer>",
    "<answer>9:00 am to 5:00 pm</answer>", "<answer>5 to 10 minutes long</answer>", "He is 12 to 17.", "bus 12 to 17",
    "He scored 12 to 17 points", "12 of 17", "1/12 to 1/17", "$12-$17", "12kg to 17kg", "12%-17%", "12°C to 17°C",
    "#12 - #17", "v12 to v17", "room 12 - 17", "<answer>12 of 17</answer>", "<answer>page 12 to 17</answer>",
    "<answer>12 to 17 years</answer>", "<answer>12-17 May</answer>", "<answer>2024-05-12 to 2024-05-17</answer>",
    "<answer>12/05 to 17/05</answer>", "<answer>+1 555-0123</answer>", "<answer>16:9 to 4:3</answer>",
    "<answer>12 MB to 17 MB</answer>", "<answer>12 px to 17 px</answer>", "<answer>1,2,3</answer>",
    "<answer>1-2-3</answer>", "<answer>12.5 s</answer>", "<answer>at 12.5 s</answer>",
    "<answer>about 5 seconds</answer>", "The event takes 5 seconds.", "Wait for 5-10 s.", "5 to 10 seconds of silence",
    "lasts 5-10s", "The score is 12 - 17", "between 12 and 17 people", "12 to 17 fps", "at 12 to 17 fps",
    "from frame 12 to 17", "frames from 12 to 17", "12th to 17th", "Psalm 12:17", "the years between 1912 and 1917",
    "sections 12-17", "ages 12-17", "12-17-2024", "the first 12 to 17 frames", "10:12 pm to 10:17 pm",
    "from 12 noon to 5 pm", "he lifts 12 to 17 kilograms",
]  # fmt: skip
ABSENT = [
    "No such moment.", "<answer>none</answer>", "n/a", "The described event is not in the video.",
    "I could not find the event in the video.", "The event is not present in the video.", "The event cannot be found.",
    "There is no moment in which a dog jumps.", "<answer>[]</answer>", "<answer>{}</answer>", "null", "[]",
    "<answer>No event</answer>", "This does not happen in the video.", "The video does not contain this event.",
    "The video doesn't show such an event.", "该事件没有发生", "-", "The event is absent.", "<time>None</time>",
    "Not found.", "<answer>not present</answer>",
]  # fmt: skip
REFUSED = [
    "I'm unable to view videos.", "I can't watch videos.", "I cannot provide the timestamps for this video.",
    "I won't help with this.", "Sorry, I can't do that.", "I apologize, but I cannot process this video.",
    "As a language model, I can't see videos.", "I do not have the ability to watch videos.",
    "I'm not able to process video content.", "对不起，我不能回答这个问题。",
    "My apologies, but I am unable to assist.", "This request violates the content policy, so I will not answer.",
    "I refuse to answer.",
]  # fmt: skip
OPTIONS = [
    ("C", "Option C"), ("B", "(B) a red car"), ("C", "The correct option is C."), ("D", "**D**"), ("A", "Answer: (A)"),
    ("C", "The best answer is (C) because he left."), ("B", "Therefore, the answer is B"), ("E", "\\boxed{\\text{E}}"),
    ("C", "C."), ("C", "C) a dog"), ("B", "I would choose B."), ("A", "<answer>A: the dog</answer>"),
    ("A", "The answer is A because he is late."), ("D", "<answer>D</answer>"), ("B", "答案是B。"),
    ("C", "<answer>Option C</answer>"),
]  # fmt: skip
NO_OPTION = [
    "<answer>5 to 10</answer>", "I am here from 3 s to 5 s.", "A dog (B-roll) from 3 s to 5 s",
    "Plan A from 3 s to 5 s", "X to Y", "The event happens in the video at 3 - 5 seconds. I see it.",
]  # fmt: skip


def read(text, form=ONE, **more):
    answer = parse(text, duration=60.0, form=form, **more)
    return [(window.start, window.end) for window in answer.windows], answer.parse_status


@pytest.mark.parametrize("text", FROM_12_TO_15_5)
def test_one_window_is_read(text):
    assert read(text) == ([(12.0, 15.5)], "ok")


@pytest.mark.parametrize("text", FROM_12_TO_17)
def test_one_window_of_whole_seconds_is_read(text):
    assert read(text) == ([(12.0, 17.0)], "ok")


@pytest.mark.parametrize("text", FIVE_TO_TEN_AND_TWENTY_TO_25)
def test_two_windows_are_both_read_and_are_an_answer_where_several_are_wanted(text):
    both = [(5.0, 10.0), (20.0, 25.0)]
    assert read(text, SEVERAL) == (both, "ok")
    assert read(text) == (both, "several_where_one")


@pytest.mark.parametrize("text", NO_WINDOW)
def test_what_only_looks_like_a_window_is_none(text):
    assert read(text) == ([], "unparsable")


@pytest.mark.parametrize("text", ABSENT)
def test_that_there_is_no_such_event_is_no_answer(text):
    assert read(text) == ([], "no_answer")


@pytest.mark.parametrize("text", REFUSED)
def test_a_refusal_is_told_from_words(text):
    assert read(text) == ([], "refused")


@pytest.mark.parametrize(("letter", "text"), OPTIONS)
def test_an_option_is_read_and_is_no_window(letter, text):
    answer = parse(text, duration=60.0)
    assert (answer.option, answer.parse_status) == (letter, "no_answer")


@pytest.mark.parametrize("text", NO_OPTION)
def test_a_capital_letter_alone_is_no_option(text):
    assert parse(text, duration=60.0).option is None


@pytest.mark.parametrize(
    "text",
    [
        "The video lasts from 0 s to 60 s. The event happens from 12 s to 17 s.",
        "<answer>from 12 to 17 seconds, not from 20 to 25 seconds</answer>",
        "The event does not occur before 10 s, but from 12 s to 17 s.",
        "I can't answer that for sure, but it happens from 12 s to 17 s.",
        '{"windows": [[12, 17]], "frames": [30, 90], "confidence": [0.2, 0.8]}',
    ],
)
def test_what_stands_beside_a_window_does_not_disturb_it(text):
    assert read(text) == ([(12.0, 17.0)], "ok")


@pytest.mark.parametrize(
    "text",
    [
        "x" * 30_000 + "<answer>12 to 17</answer>",
        "<answer>12 to 17</answer>" + "x " * 50_000,
        "<think>" + "a 3 to 5 s " * 9_000 + "</think>12 to 17",
        "The event happens in 12 - 17 seconds.\n" + "It is nice. " * 3_000,
        "It is nice. " * 3_000 + "\nThe event happens in 12 - 17 seconds.",
    ],
)
def test_a_very_long_text_is_read_at_its_ends(text):
    assert read(text) == ([(12.0, 17.0)], "ok")


@pytest.mark.parametrize("text", ['{"time": ' * 900 + "1" + "}" * 900, '{"start": ' + "9" * 5_000 + "}"])
def test_json_too_deep_or_too_long_is_no_window(text):
    assert read(text) == ([], "unparsable")


@pytest.mark.parametrize("text", ["<answer>12 to 17", "12.0 - 17", "from 12 s to 1 minute", "from 0:12 to 0:17"])
def test_a_time_at_the_end_of_a_text_that_was_cut_off_is_not_complete(text):
    assert read(text, finish_reason="length") == ([], "truncated")
    assert read("from 12 s to 17 s", finish_reason="length") == ([(12.0, 17.0)], "ok")


def test_several_windows_are_wanted_by_a_flag_or_by_the_template():
    text = "<answer>5 to 10, 20 to 25</answer>"
    assert parse(text, form=Form(several=True)).parse_status == "ok"
    assert parse(text).parse_status == "ok"
    refused = parse(text, form=Form())
    assert (refused.parse_status, len(refused.windows), refused.counted) == ("several_where_one", 2, ())


@pytest.mark.parametrize(
    ("template", "text", "strict"),
    [
        ("<answer>[({start}, {end}), ...]</answer>", "<answer>[(1, 2), (3.5, 4)]</answer>", True),
        ("<answer>[({start}, {end}), ...]</answer>", "<answer>[(1, 2),(3.5, 4)]</answer>", False),
        ("<answer>{start}-{end} ...</answer>", "<answer>1-2 3-4 5-6</answer>", True),
        ('[{"start": {start}, "end": {end}}, ...]', '[{"start": 1, "end": 2}, {"start": 3, "end": 4}]', True),
        ('{"windows": [[{start}, {end}], ...]}', '{"windows": [[1, 2], [3, 4]]}', True),
        ("In {start} - {end}, ... seconds.", "In 1 - 2, 3 - 4 seconds.", True),
        ("In {start} - {end}, ... seconds.", "In 1 - 2 3 - 4 seconds.", False),
    ],
)
def test_the_strict_reading_knows_where_a_pair_may_come_again(template, text, strict):
    answer = parse(text, duration=60.0, form=Form(template, reasoning=False))
    assert (answer.parse_status, answer.strict_ok) == ("ok", strict)
