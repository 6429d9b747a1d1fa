"""Scores as rewards."""

import json
import re
from collections import defaultdict
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from support.builders import make_sample
from vtgdata.conversation.answer import Form
from vtgdata.conversation.prompt import load_prompt, render
from vtgdata.files import plugins
from vtgdata.files.samples import sample_row
from vtgdata.metrics import sets
from vtgdata.metrics.judging import judge_predictions
from vtgdata.metrics.predictions.record import Prediction
from vtgdata.records import Text
from vtgdata.train import worth
from vtgdata.train.rewards import Reader, Rewards, Truths, reward, text_of

END = 7
"""A token that ends a text."""
PROBES = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "conversation/probes/answers.jsonl").read_text().splitlines()
]

RIGHT = "<think>it opens</think><answer>3.0 to 9.0</answer>"
EARLY = "<think>it opens</think><answer>3.0 to 6.0</answer>"


def ask(name, *texts, opened=False, **sample):
    one = make_sample("s", **sample)
    function = reward(name, {"s": one}, {"s": Form()}, opened=opened)
    return function(completions=list(texts), sample_id=["s"] * len(texts), prompts=None, trainer_state=None)


def test_a_reward_is_the_score_of_the_same_name():
    assert ask("tiou", RIGHT, EARLY, "no idea") == [1.0, 0.5, 0.0]
    assert ask("format", RIGHT, "3.0 s to 9.0 s") == [1.0, 0.0]


def test_a_score_that_does_not_apply_gives_none():
    assert ask("tiou", RIGHT, windows=()) == [None]


def test_the_trainer_logs_a_reward_under_its_name():
    assert reward("tiou", {}, {}).__name__ == "tiou"


@pytest.mark.parametrize("content", [RIGHT, [{"type": "text", "text": RIGHT}]])
def test_chat_completions_are_read_in_either_form(content):
    assert text_of([{"role": "assistant", "content": content}]) == RIGHT
    assert ask("tiou", [{"role": "assistant", "content": content}]) == [1.0]


def test_a_completion_need_not_write_the_mark_that_its_template_has_written():
    closed = RIGHT.removeprefix("<think>")
    assert ask("format", closed, RIGHT, "It opens, 3.0 to", opened=True) == [1.0, 1.0, 0.0]
    assert ask("format", closed, RIGHT) == [0.0, 1.0], "without such a template it has to"


def test_a_time_inside_reasoning_that_was_cut_off_is_no_answer():
    assert ask("tiou", "From 3.0 s to 9.0 s the door", opened=True) == [0.0]


def test_read_strictly_an_answer_in_another_form_is_the_empty_one():
    loose = "3.0 s to 9.0 s"
    one = make_sample("s")
    for strict, right in ((False, 1.0), (True, 0.0)):
        function = reward("tiou", {"s": one}, {"s": Form()}, strict=strict)
        assert function([loose, RIGHT], ["s", "s"]) == [right, 1.0]


def test_a_letter_counts_for_the_option_that_the_prompt_showed_at_it(monkeypatch):
    """Every prompt of ours that shuffles, read as a run reads it."""
    monkeypatch.setattr(worth.models, "end_tokens", lambda model, processor: ())
    known = {prompt.id: prompt for prompt in map(load_prompt, plugins.names("prompts")) if prompt.shuffle is not None}
    score, letters, colours, moved = plugins.load("scores", "answer").score, "ABC", ("red", "green", "blue"), 0
    for prompt in known.values():
        given = [
            make_sample(f"q{n}", task="grounded_qa", options=colours, answer=letters[n % 3]) for n in range(12)
        ]  # fmt: skip
        rows = [sample_row(sample) | {"prompt_id": prompt.id} for sample in given]
        reader = worth.reader(rows, known, SimpleNamespace(model=None, processor=None, opening=""))
        for place, sample in enumerate(given):
            (message,) = render(prompt, sample, (), ())
            text = "".join(part.text for part in message.parts if isinstance(part, Text))
            shown = re.findall(r"^\(([A-C])\) (\w+)$", text, re.MULTILINE)
            assert len(shown) == 3
            for letter, words in shown:
                said = prompt.form.write([("3.0", "9.0")], option=letter)
                right = words == colours[letters.index(sample.answer or "")]
                (read,) = reader.read([f"<think>I see {words}.</think>{said}"], [place], None).lenient
                assert score([read], [sample])[0] == right, (prompt.name, sample.sample_id, letter)
                moved += right and letter != sample.answer
    assert moved > len(known) > 0, "a letter of the published order would be wrong"


def call(rewards, texts, ids, tokens=None):
    """All functions of some rewards as TRL calls them: their values, and what they log."""
    figures, columns = defaultdict(list), {}
    more = {"log_metric": lambda name, value: figures[name].append(value), "log_extra": columns.__setitem__}
    given = {"completions": list(texts), "sample_id": list(ids), "completion_ids": tokens or [[1, END]] * len(texts)}
    return [function(**given, **more) for function in rewards.functions], figures, columns


def two():
    """Two samples of two sources, at the start and at the end of their videos."""
    return {
        "a": make_sample("a", video_id="a", duration=10.0, windows=[(0.0, 4.0)]),
        "b": make_sample("b", video_id="b", duration=20.0, windows=[(12.0, 20.0)]),
    }


def test_what_more_a_lenient_reading_pays_is_logged():
    samples = two()
    reader = Reader(samples, dict.fromkeys(samples, Form()), {END})
    texts = ["0.0 s to 4.0 s", "<think>x</think><answer>0.0 to 4.0</answer>"]
    for strict in (True, False):
        rewards = Rewards({"tiou": 0.5, "format": 0.5}, reader, strict=strict)
        values, figures, _ = call(rewards, texts, ["a", "a"])
        assert values == [[0.0, 1.0] if strict else [1.0, 1.0], [0.0, 1.0]]
        assert figures["lenient_minus_strict"] == [0.5, 0.0] and figures["unparsed"] == [0.0, 0.0]


def test_each_answer_is_scored_against_the_truths_of_other_sources_too():
    samples = two()
    reader = Reader(samples, dict.fromkeys(samples, Form()), {END})
    rewards = Rewards({"tiou": 0.9, "format": 0.1}, reader, truths=Truths(samples, seed=1))
    texts = [f"<think>x</think><answer>{pair}</answer>" for pair in ("0.0 to 4.0", "0.0 to 10.0")]
    _, figures, _ = call(rewards, texts, ["a", "a"])
    # The other truth lies in [0.6, 1] of the duration: [6, 10] of ten seconds. Its form earns an answer 0.1 everywhere.
    assert figures["others"] == pytest.approx([0.1, 0.9 * 0.4 + 0.1])
    assert figures["seen_step"] == pytest.approx([0.9, 0.0]), "a guess that fits any video is not looking"


def test_one_sample_that_is_asked_about_in_two_ways_is_read_in_each_rows_own():
    """A mixture has a moment as grounding and as a question, each row with its own prompt."""
    one = make_sample("s")
    forms = {0: Form(), 1: Form(template="<answer>{start} to {end}</answer>", reasoning=False)}
    function = Rewards({"format": 1.0}, Reader({0: one, 1: one}, forms)).functions[0]
    said = [RIGHT, RIGHT, "<answer>3.0 to 9.0</answer>", "<answer>3.0 to 9.0</answer>"]
    assert function(said, ["s"] * 4, place=[0, 1, 0, 1]) == [1.0, 0.0, 0.0, 1.0]


def test_a_sample_without_a_duration_and_a_set_of_one_source_have_no_other_truths():
    samples = two() | {"c": make_sample("c", video_id="c", duration=None)}
    reader = Reader(samples, dict.fromkeys(samples, Form()), {END})
    rewards = Rewards({"tiou": 1.0}, reader, truths=Truths(samples, seed=1))
    assert len(call(rewards, [RIGHT, RIGHT], ["a", "c"])[1]["seen_step"]) == 1
    alone = {"a": samples["a"]}
    assert not Truths(alone, seed=1).known
    assert "seen_step" not in call(Rewards({"tiou": 1.0}, reader, truths=Truths(alone, seed=1)), [RIGHT], ["a"])[1]


def test_answers_that_are_nearly_too_long_cost_as_in_dapo():
    pytest.importorskip("trl", reason="needs vtgdata[train]")
    samples = two()
    rewards = Rewards({"tiou": 1.0}, Reader(samples, dict.fromkeys(samples, Form()), {END}), overlong=(10, 4))
    assert rewards.names == ["tiou", "overlong"] and rewards.weights == [1.0, 1.0]
    values, _, columns = call(rewards, [RIGHT] * 3, ["a"] * 3, [[1] * n + [END] for n in (5, 7, 9)])
    assert values[1] == columns["reward overlong"] == [0.0, -0.5, -1.0]


STATUSES = {
    "ok", "refused", "truncated", "no_answer", "unparsable", "reversed", "zero_length", "out_of_range",
    "several_where_one",
}  # fmt: skip


def texts_of_every_status():
    """A thousand texts with the form asked for, the video's length and how they ended: all probes, whole and cut."""
    for number, probe in enumerate(PROBES * 2):
        finish = probe["finish_reason"] if number < len(PROBES) else "length"
        yield probe, finish


def test_a_thousand_texts_of_every_status_earn_to_the_last_bit_what_evaluation_gives_them():
    names = plugins.names("scores")
    cases = list(islice(texts_of_every_status(), 1000))
    samples, forms, texts, finished = {}, {}, [], []
    for number, (probe, finish) in enumerate(cases):
        name = f"s{number}"
        options = {"options": ("yes", "no", "yes"), "answer": "AB"[number % 2]} if probe["option"] else {}
        windows = [(12.0, 17.0), (30.0, 41.5)][: 1 + number % 2]
        samples[name] = make_sample(name, duration=probe["duration"], windows=windows, **options)
        forms[name] = Form(template=probe["form"], reasoning=probe["reasoning"], several=probe.get("several", False))
        texts.append(probe["text"])
        finished.append(finish)
    reader = Reader(samples, forms, {END})
    tokens = [[1, END if finish == "stop" else 2] for finish in finished]
    judged = [
        judge_predictions(
            {name: Prediction(keys=(name,), where="f:1", text=text, finish_reason=finish)}, [samples[name]], forms[name]
        )
        for name, text, finish in zip(samples, texts, finished, strict=True)
    ]
    statuses = {each.rows[0]["parse_status"] for each in judged}
    assert statuses == STATUSES
    for strict in (False, True):
        values, _, _ = call(Rewards(dict.fromkeys(names, 1.0), reader, strict=strict), texts, samples, tokens)
        answers = [(each.strict() if strict else each.answers)[0] for each in judged]
        evaluated = sets.values(",".join(names), answers, list(samples.values()), ())
        for name, column in zip(names, values, strict=True):
            right = [None if np.isnan(value) else value for value in evaluated[name].tolist()]
            assert column == right, (name, strict)
