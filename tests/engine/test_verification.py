"""The whole chain on constructed answers: each fault beside its good twin, which differs in the fault alone."""

from typing import Any, NamedTuple

import pytest

from vtgdata.conversation.prompt import load_prompt
from vtgdata.conversation.verifying import example_row, example_sample, parted
from vtgdata.engine.targets import Targets
from vtgdata.engine.verification import DEFAULT_CHAIN, Chain, answered, chain
from vtgdata.errors import VtgError
from vtgdata.files.schemas import Row
from vtgdata.records import Sample

SEEN = "The person opens the door."
ONE = example_sample()
THREE = example_sample(windows=[(1.0, 4.0), (10.0, 14.0), (20.0, 25.0)])
ASKED = example_sample(query="what is opened?", task="grounded_qa", options=("a door", "a box", "a car"), answer="A")
ONLY_ASKED = example_sample(query="what is opened?", windows=[], task="grounded_qa", options=("a", "b"), answer="B")
NEVER = example_sample(windows=[])
LATE = example_sample(windows=[(0.0, 29.0)])
IN_CHINESE = "\u90a3\u4e2a\u4eba\u6253\u5f00\u4e86\u95e8\u3002"
CHINESE = example_sample(query="\u4e00\u4e2a\u4eba\u6253\u5f00\u95e8")


class Pair(NamedTuple):
    """A fault and its twin, in the texts of two answers."""

    code: str
    fault: str
    twin: str
    sample: Sample = ONE
    prompt: str = "ground"
    twin_sample: Sample | None = None


def said(thought: str, window: str = "5.0 to 10.0") -> str:
    return f"<think>{thought}</think><answer>{window}</answer>"


PAIRS = (
    Pair("tiou_below_0.5", said(SEEN, "12.0 to 17.0"), said(SEEN, "5.5 to 10.5")),
    Pair("no_reasoning", "<answer>5.0 to 10.0</answer>", said(SEEN)),
    Pair("unparsable", said(SEEN, "early on"), f"<think>{SEEN}</think> It is <answer>5.0s - 10.0s</answer>."),
    Pair("reversed", said(SEEN, "10.0 to 5.0"), said(SEEN, " 5.0 to 10.0 ")),
    Pair("refused", "I am sorry, I cannot help with that request.", said("Sorry for the blur. " + SEEN)),
    Pair("several_where_one", said(SEEN, "5.0 to 10.0 and 20.0 to 25.0"), said(SEEN, "5 to 10 seconds")),
    Pair("draft_answer", said("At first <answer>1.0 to 2.0</answer>, but it opens later."),
         said("At first <answer>5.0 to 10.0</answer>, and so it is.")),
    Pair("past_end", said(SEEN, "5.0 to 32.0"), said(SEEN, "5.0 to 30.0"), example_sample(windows=[(5.0, 30.0)])),
    Pair("wrong_option", rf"<think>{SEEN}</think>\boxed{{B}} <answer>5.0 to 10.0</answer>",
         rf"<think>{SEEN}</think>\boxed{{A}} <answer>5.0 to 10.0</answer>", ASKED, "ground_qa_plain"),
    Pair("wrong_option", "<think>It is opened there.</think><answer>(A)</answer>",
         "<think>It is opened there.</think><answer>(B)</answer>", ONLY_ASKED, "answer_only_plain"),
    Pair("moment_missing", said("It opens again and again.", "[(1.0, 4.0)]"),
         said("It opens again and again.", "[(1.0, 4.0), (10.0, 14.0), (20.0, 25.0)]"), THREE, "ground_several"),
    Pair("other_times", said("The door opens from 20.0 to 25.0 s."), said("The door opens from 5.0 to 10.0 s.")),
    Pair("other_times", said("It may be 5.0 to 10.0 s. But no, so the answer is 20.0 to 25.0 s."),
         said("It may be 20.0 to 25.0 s. But no, so the answer is 5.0 to 10.0 s.")),
    Pair("other_times", said("The door starts to move at 20.0 s. It is open at 25.0 s."),
         said("The door starts to move at 5.0 s. It is open at 10.0 s.")),
    Pair("other_times", said("At 0:21 the hand takes the handle."), said("At 0:06 the hand takes the handle.")),
    Pair("leaks", said("The annotation says 5.0 to 10.0, so I justify it."),
         said("The sign says exit, and the door beside it opens from 5.0 to 10.0 s.")),
    Pair("leaks", said("This is consistent with the ground truth."), said("He lies on the ground, in truth asleep.")),
    Pair("leaks", said("As given, the provided interval shows the door."), said("Given the frames, the door opens.")),
    Pair("does_not_see", said("I cannot see the video, so it is a guess."), said("I cannot see his face, but a hand.")),
    Pair("language", said(IN_CHINESE), said(IN_CHINESE), twin_sample=CHINESE),
    Pair("language", said("La persona camina hacia la puerta y la abre con la mano, luego sale del cuarto."),
         said("The person named La Rosa walks to the door, opens it by hand, and leaves the room.")),
    Pair("too_short", said("."), said("It opens here.")),
    Pair("too_long", said(" ".join(f"At frame {n} nothing." for n in range(400))), said(SEEN + " At last it is open.")),
    Pair("repeats", said("open " * 500), said("The door is closed at 2.0 s, closed at 4.0 s, and open at 6.0 s.")),
    Pair("whole_video", said("It is everywhere in here.", "0.0 to 30.0"), said(SEEN, "0.0 to 28.0"), LATE),
    Pair("no_true_window", said("It is nowhere to be seen.", "none"), said("It is nowhere to be seen.", "none"), NEVER,
         "ground", None),
)  # fmt: skip
NONE_ALLOWED = example_row(said("It is nowhere to be seen.", "no such moment"), NEVER, prompt="ground_or_none")


def row_of(text: str, sample: Sample, prompt: str) -> Row:
    """A row; a prompt called `plain` is ours without its shuffling, so that letters are the sample's own."""
    return example_row(text, sample, prompt=prompt.removesuffix("_plain"))


def code_of(text: str, sample: Sample, prompt: str) -> str | None:
    (why,) = chain([row_of(text, sample, prompt)], sample, None, DEFAULT_CHAIN)
    return why and parted(why).code


def test_there_are_twenty_five():
    assert len(PAIRS) >= 25


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{pair.code}-{place}" for place, pair in enumerate(PAIRS)])
def test_the_chain_catches_the_fault_and_passes_its_twin(pair: Pair):
    assert code_of(pair.fault, pair.sample, pair.prompt) == pair.code
    if pair.code == "no_true_window":
        assert chain([NONE_ALLOWED], NEVER, None, DEFAULT_CHAIN) == [None]
    else:
        assert code_of(pair.twin, pair.twin_sample or pair.sample, pair.prompt) is None


@pytest.mark.parametrize(
    "text",
    [
        "The man opens the door.\n</think>\n\n<answer>5.0 to 10.0</answer>",
        "<think>\nThe man opens the door.\n</think>\n\n<answer>5.0 to 10.0</answer>",
    ],
)
def test_an_answer_of_a_model_whose_template_opens_the_reasoning_is_kept(text: str):
    assert code_of(text, ONE, "ground") is None
    row = row_of(text, ONE, "ground")
    written = Targets(load_prompt("ground"), "teacher").write(row, ONE)
    assert load_prompt("ground").form.matches(written.text) and "The man opens the door." in written.text


@pytest.mark.parametrize(
    ("text", "prompt", "target", "marks"),
    [
        (said(SEEN), "ground", said(SEEN), ()),
        (said(SEEN, " 5.0s - 10.0s "), "ground", said(SEEN), ("rewritten",)),
        (f"<think>{SEEN}</think>The answer is <answer>5 to 10</answer>.", "ground", said(SEEN), ("rewritten",)),
        (said(SEEN), "ground_nothink", "<answer>5.0 to 10.0</answer>", ("reasoning_removed",)),
        (said(SEEN, "0:05-0:10"), "ground_nothink", "<answer>5.0 to 10.0</answer>", ("rewritten", "reasoning_removed")),
        (said(f"<answer>5.0 to 10.0</answer> {SEEN}"), "ground", said(f"5.0 to 10.0 {SEEN}"), ("rewritten",)),
        (said(SEEN), "ground_guided", said(SEEN), ("guided:annotation",)),
    ],
)
def test_what_is_learnt_has_the_asked_form_and_says_what_was_done(text: str, prompt: str, target: str, marks: tuple):
    row = row_of(text, ONE, prompt)
    assert chain([row], ONE, None, DEFAULT_CHAIN) == [None]
    written = Targets(load_prompt(prompt), "teacher").write(row, ONE)
    assert (written.text, written.marks) == (target, marks)


def test_without_in_form_only_the_exact_form_is_kept():
    row = row_of(said(SEEN, " 5.0 to 10.0 "), ONE, "ground")
    assert chain([row], ONE, None, ["no_leak"]) == ["not_in_form"]


def written(text: str, sample: Sample, target: str = "annotation", prompt: str = "ground") -> Any:
    return Targets(load_prompt(prompt), target).write(row_of(text, sample, prompt), sample)


def test_the_annotation_that_is_written_is_the_window_that_the_teacher_met():
    assert written(said("The second time.", "10.0 to 15.0"), THREE).text == said("The second time.", "10.0 to 14.0")
    every = written(said("Twice.", "[(1.0, 4.0), (10.0, 15.0)]"), THREE, prompt="ground_several")
    assert every.text == said("Twice.", "[(1.0, 4.0), (10.0, 14.0), (20.0, 25.0)]")
    assert every.marks == ("annotation",)


def test_a_reasoning_that_would_contradict_the_annotation_is_refused():
    assert written(said("From 4.0 to 20.0 s it opens.", "4.0 to 20.0"), ONE).startswith("target_contradicts")
    assert written(said("From 4.9 s on it opens.", "4.9 to 9.0"), ONE).text.endswith("<answer>5.0 to 10.0</answer>")


def test_the_right_option_is_written_unless_the_reasoning_is_for_another():
    prompt = load_prompt("ground_qa")
    from vtgdata.conversation.prompt import own_option, shown_option

    right = shown_option(prompt, ASKED, "A")
    wrong = next(letter for letter in "ABC" if letter != right)
    text = rf"<think>It opens.</think>\boxed{{{wrong}}} <answer>5.0 to 10.0</answer>"
    row = row_of(text, ASKED, "ground_qa")
    row["option"] = own_option(prompt, ASKED, wrong)
    assert rf"\boxed{{{right}}}" in Targets(prompt, "annotation").write(row, ASKED).text
    told = row | {"reasoning": f"It is {ASKED.options[ord(row['option']) - 65]}.", "text": text}
    assert Targets(prompt, "annotation").write(told, ASKED).startswith("target_contradicts")


@pytest.mark.parametrize(("target", "window"), [("teacher_if:0.7", "5.0 to 10.0"), ("teacher_if:0.6", "5.0 to 8.2")])
def test_the_teachers_window_is_taken_from_an_iou_on(target: str, window: str):
    assert written(said(SEEN, "5.0 to 8.2"), ONE, target).text == said(SEEN, window)


@pytest.mark.parametrize("target", ["teachers", "teacher_if", "teacher_if:2", "teacher_if:x", "annotation:0.5"])
def test_a_wrong_target_says_what_may_be_said(target: str):
    with pytest.raises(VtgError, match="teacher_if:T"):
        Targets(load_prompt("ground"), target)


def test_of_answers_that_disagree_the_odd_one_is_left_out():
    rows = [row_of(said(SEEN, w), ONE, "ground") for w in ("5.0 to 10.0", "5.0 to 9.5", "5.2 to 10.0", "7.0 to 12.0")]
    found = chain(rows, ONE, None, ["in_form", "agree:share=0.6"])
    assert [why and parted(why).code for why in found] == [None, None, None, "disagrees"]


def test_a_failed_row_and_an_unlabelled_sample_have_their_own_reasons():
    row = row_of(said(SEEN), ONE, "ground")
    assert answered(row | {"error": "timeout"}, ONE) == "failed"
    assert answered(row, example_sample(windows=[], labelled=False)) == "unlabelled"


def test_a_verifier_that_breaks_its_contract_is_named(monkeypatch):
    from vtgdata.files import plugins

    monkeypatch.setattr(plugins.load("verifiers", "length"), "verify", lambda rows, sample, frames: rows and [])
    with pytest.raises(VtgError, match="0 reasons for 1 rows"):
        Chain(["in_form", "length"]).reasons([row_of(said(SEEN), ONE, "ground")], ONE)
