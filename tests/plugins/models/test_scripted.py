import asyncio

import pytest

from support.builders import make_sample
from vtgdata.conversation.answer import parse
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
