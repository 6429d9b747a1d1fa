import pytest
from hypothesis import given
from hypothesis import strategies as st

from vtgdata.conversation.answer import Form, parse

DURATION = 100.0


def windows(text: str) -> list[tuple[float, float]]:
    answer = parse(text, duration=DURATION)
    assert answer.parse_status == "ok", answer
    return [(window.start, window.end) for window in answer.windows]


@pytest.mark.parametrize(
    "text",
    [
        "<answer>12.5 to 17.8</answer>",
        "<answer>12.5 - 17.8</answer>",
        "<answer>12.5-17.8 s</answer>",
        "<answer>12.5 – 17.8</answer>",
        "<answer>12.5 and 17.8</answer>",
        "<answer>12.5s to 17.8s</answer>",
        "<answer>12.5 seconds to 17.8 seconds.</answer>",
        "<answer>[12.5, 17.8]</answer>",
        "<answer>(12.5, 17.8)</answer>",
        "<answer>00:12.5 to 00:17.8</answer>",
        "<answer>0:00:12.5 - 0:00:17.8</answer>",
        '<answer>{"start_time": "12.5", "end_time": "17.8"}</answer>',
        '<answer>{"start": 12.5, "end": 17.8}</answer>',
        '<answer>{"timestamps": [[12.5, 17.8]]}</answer>',
        "<answer>\n12.5 to 17.8\n</answer>",
        "<ANSWER>12.5 to 17.8</ANSWER>",
        "<time>12.5 to 17.8</time>",
        "<glue>[12.5, 17.8]</glue>",
        '```json\n[{"start": 12.5, "end": 17.8}]\n```',
        "The event happens in 12.5 - 17.8 seconds.",
        "From 12.5 to 17.8 seconds the dog jumps.",
        "It starts at 12.5 s and ends at 17.8 s.",
        "<think>It could be 1.0 to 2.0 s.</think><answer>12.5 to 17.8</answer>",
        "<answer>1.0 to 2.0</answer> No: <answer>12.5 to 17.8</answer>",
    ],
)
def test_one_window_is_read_in_every_form_that_models_use(text: str) -> None:
    assert windows(text) == [(12.5, 17.8)]


@pytest.mark.parametrize(
    "text",
    [
        "<answer>[[1, 2], [4, 5.5]]</answer>",
        "<answer>1 to 2, 4 to 5.5</answer>",
        "The events happen in 1 - 2 seconds, 4 - 5.5 seconds.",
        '[{"start": 1, "end": 2}, {"start": 4, "end": 5.5}]',
    ],
)
def test_several_windows_are_all_read(text: str) -> None:
    assert windows(text) == [(1.0, 2.0), (4.0, 5.5)]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (None, "no_answer"),
        ("", "no_answer"),
        ("<answer> </answer>", "no_answer"),
        ("I have no idea.", "unparsable"),
        ("<answer>soon</answer>", "unparsable"),
        ("It is in frames 3 to 5.", "unparsable"),
        ("It costs $3-5.", "unparsable"),
        ("Filmed on 2020-10-12.", "unparsable"),
        ("I'm sorry, I cannot help with that.", "refused"),
        ("<answer>9 to 3</answer>", "reversed"),
        ("<answer>3 to 3</answer>", "zero_length"),
        ("<answer>3 to " + "9" * 400 + "</answer>", "unparsable"),
        ("<answer>[3, " + "9" * 400 + "]</answer>", "unparsable"),
        ("<answer>100 to 101</answer>", "out_of_range"),
        ("<think>between 3 and 5 s", "no_answer"),
        ("<think>between 3 and 5 s</think>", "no_answer"),
    ],
)
def test_what_is_no_window_has_a_status_and_no_windows(text: str | None, status: str) -> None:
    answer = parse(text, duration=DURATION)
    assert (answer.parse_status, answer.windows) == (status, ())


def test_a_text_that_was_cut_off_is_truncated_and_a_whole_answer_before_the_cut_counts() -> None:
    assert parse("<answer>3 to", finish_reason="length").parse_status == "truncated"
    assert parse("<answer>3 to 5</answer> becau", finish_reason="length").parse_status == "ok"


@pytest.mark.parametrize(
    ("text", "option"), [(r"\boxed{C}", "C"), ("<answer>C</answer>", "C"), ("It is (C).", "C"), ("C", "C")]
)
def test_an_option_s_letter_is_read(text: str, option: str) -> None:
    assert parse(text).option == option


def test_reasoning_is_kept_apart_from_the_answer() -> None:
    answer = parse("<think>It jumps.</think><answer>3 to 5</answer>")
    assert (answer.reasoning, answer.has_reasoning) == ("It jumps.", True)
    assert parse("<answer>3 to 5</answer>", reasoning="It jumps.").reasoning == "It jumps."


@pytest.mark.parametrize(
    ("text", "strict"),
    [
        ("<think>It jumps.</think><answer>3.0 to 5.0</answer>", True),
        ("<think>It jumps.</think>\n<answer>3.0 to 5.0</answer>\n", True),
        ("<answer>3.0 to 5.0</answer>", False),
        ("<think> </think><answer>3.0 to 5.0</answer>", False),
        ("<think>It jumps.</think><answer>3.0 - 5.0</answer>", False),
        ("<think>It jumps.</think><answer>3.0 to 5.0</answer> indeed", False),
    ],
)
def test_the_strict_reading_wants_exactly_the_form_asked_for(text: str, strict: bool) -> None:
    answer = parse(text)
    assert (answer.parse_status, answer.strict_ok) == ("ok", strict)


def test_a_form_without_reasoning_wants_none() -> None:
    form = Form(template="The event happens in {start} - {end} seconds.", reasoning=False)
    assert parse("The event happens in 3.0 - 5.0 seconds.", form=form).strict_ok
    assert not parse("<think>x</think>The event happens in 3.0 - 5.0 seconds.", form=form).strict_ok


@given(st.floats(0, 99, allow_nan=False), st.floats(0.01, 50))
def test_what_a_prompt_s_form_writes_is_read_back(start: float, length: float) -> None:
    first, last = f"{start:.2f}", f"{start + length + 0.01:.2f}"
    answer = parse(f"<think>x</think><answer>{first} to {last}</answer>", duration=DURATION)
    assert answer.strict_ok
    assert [(window.start, window.end) for window in answer.windows] == [(float(first), float(last))]


pieces = st.sampled_from(
    ["<think>", "</think>", "<answer>", "</answer>", "3", " to ", "5.5", "-", "[", "]", "{", '"start": ', ",",
     "9" * 400, "1e999", "s", ":", "00:61", "(C)", r"\boxed{", "\n", "start", "end", "NaN"]
)  # fmt: skip


@given(st.lists(pieces | st.text(max_size=5), max_size=25).map("".join), st.sampled_from(["stop", "length"]))
def test_no_text_breaks_the_parser_and_windows_mean_ok(text: str, finish_reason: str) -> None:
    answer = parse(text, duration=DURATION, finish_reason=finish_reason)
    assert bool(answer.windows) == (answer.parse_status == "ok")
    assert all(window.start < DURATION for window in answer.windows)
    assert not answer.strict_ok or answer.windows


@pytest.mark.parametrize("said", ["FİVE SECONDS TO NİNE SECONDS", "fıve seconds to nıne ſeconds"])
def test_other_letters_for_i_and_s_change_no_reading(said: str) -> None:
    assert windows(f"It happens from {said}.") == [(5.0, 9.0)]


def test_an_ordinal_chooses_a_window_in_any_letters() -> None:
    assert windows("<answer>5-9 s or 12-14 s. The answer is the ſecond one.</answer>") == windows(
        "<answer>5-9 s or 12-14 s. The answer is the second one.</answer>"
    )
