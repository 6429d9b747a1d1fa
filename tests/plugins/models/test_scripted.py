import asyncio

import pytest

from support.builders import make_sample
from vtgdata.conversation.answer import parse
from vtgdata.conversation.prompt import load_prompt, own_option, render
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, plugins
from vtgdata.files.samples import write_samples
from vtgdata.records import Endpoint, Request, Sampling
from vtgdata.records.windows import tiou

SAID = {2: "77783239c986bf88", 3: "0415f68750c5ba0f"}
"""By version of the model: a fingerprint of what it says about some samples."""


def connect(tmp_path, *samples, **settings):
    write_samples(tmp_path / "samples.parquet", samples)
    return plugins.load("models", "scripted").connect(str(tmp_path / "samples.parquet"), Endpoint(), **settings)


def answers(model, sample, seeds):
    request = Request(sample_id=sample.sample_id, messages=(), sampling=Sampling(), seeds=tuple(seeds))
    return [reply.text for reply in asyncio.run(model.generate(request))]


def test_without_errors_it_gives_the_annotation(tmp_path):
    sample = make_sample(windows=[(3.0, 9.0)])
    text = answers(connect(tmp_path, sample, errors=0.0, noise=0.0), sample, [1])[0]
    answer = parse(text, duration=30.0)
    assert answer.strict_ok
    assert answer.windows == sample.windows


def test_errors_are_as_frequent_as_asked_and_seeded(tmp_path):
    sample = make_sample(windows=[(3.0, 4.0)], duration=300.0)
    model = connect(tmp_path, sample, errors=0.3, noise=0.0)
    texts = answers(model, sample, range(1000))
    wrong = sum(tiou(*parse(text).windows, *sample.windows) < 0.5 for text in texts)
    assert 250 < wrong < 350
    assert texts == answers(model, sample, range(1000))


def test_its_name_says_that_it_is_scripted(tmp_path):
    assert connect(tmp_path, make_sample()).id.startswith("scripted")


def test_a_sample_it_was_not_given_is_said(tmp_path):
    with pytest.raises(VtgError, match="other"):
        answers(connect(tmp_path, make_sample()), make_sample("other"), [1])


def test_its_version_says_what_it_says(tmp_path):
    samples = [make_sample("plain", windows=[(3.0, 9.0), (12.0, 13.5)]), make_sample("none", windows=[])]
    model = connect(tmp_path, *samples)
    texts = [answers(model, sample, range(50)) for sample in samples]
    version = plugins.load("models", "scripted").VERSION
    assert fingerprint.short(texts) == SAID.get(version), "it says something else: raise VERSION, and note it in SAID"


@pytest.mark.parametrize("name", ["ground_qa", "answer_only"])
def test_it_answers_in_the_form_that_a_question_asks_for_by_the_letter_that_the_prompt_shows(tmp_path, name):
    options = ("red", "green", "blue", "none of them")
    samples = [
        make_sample(f"q{n}", windows=[(3.0, 9.0)], task="grounded_qa", options=options, answer="ABCD"[n % 4])
        for n in range(12)
    ]
    sure, unsure = connect(tmp_path, *samples, errors=0.0, noise=0.0), connect(tmp_path, *samples, errors=0.5)
    prompt, right, shown = load_prompt(name), 0, set()
    for sample in samples:
        asked = Request(sample_id=sample.sample_id, messages=render(prompt, sample, (), ()), sampling=Sampling(),
                        seeds=tuple(range(20)))  # fmt: skip
        for model in (sure, unsure):
            read = [parse(each.text, duration=30.0, form=prompt.form) for each in asyncio.run(model.generate(asked))]
            assert all(each.strict_ok for each in read)
            letters = [own_option(prompt, sample, each.option) for each in read]
            if model is sure:
                assert set(letters) == {sample.answer}
                assert {each.windows for each in read} == {sample.windows if name == "ground_qa" else ()}
                shown |= {each.option for each in read}
            else:
                right += letters.count(sample.answer)
    assert len(shown) > 1, "the order of the options is not always the same"
    assert 70 < right < 170, "half of 240 answers are wrong"


def test_one_that_was_given_no_options_is_the_model_that_it_was(tmp_path):
    """Answers that are stored under its name stay its answers."""
    plain, asked = make_sample(), make_sample(task="grounded_qa", options=("yes", "no"), answer="B")
    write_samples(tmp_path / "samples.parquet", [plain])
    held = fingerprint.of_file(tmp_path / "samples.parquet")
    assert connect(tmp_path, plain).id == f"scripted-{fingerprint.short([3, 0.2, 0.1, held])[:8]}"
    assert answers(connect(tmp_path, plain), plain, [1]) == answers(connect(tmp_path, asked), asked, [1])
