import asyncio

import pytest

from support.builders import make_sample
from vtgdata.conversation.answer import parse
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, plugins
from vtgdata.files.samples import write_samples
from vtgdata.records import Endpoint, Image, Message, Request, Sampling
from vtgdata.records.windows import tiou

SCENE = [
    {"colour": "red", "shape": "ring", "start": 0.0, "end": 10.0},
    {"colour": "blue", "shape": "cross", "start": 10.0, "end": 20.0},
]


SAID = {1: "30876f3a1046a001"}
"""By version of the model: a fingerprint of what it says about some samples."""


def connect(tmp_path, *samples, **settings):
    write_samples(tmp_path / "samples.parquet", samples)
    return plugins.load("models", "scripted").connect(str(tmp_path / "samples.parquet"), Endpoint(), **settings)


def answers(model, sample, seeds, times=()):
    message = Message("user", tuple(Image(b"", time) for time in times))
    request = Request(sample_id=sample.sample_id, messages=(message,), sampling=Sampling(), seeds=tuple(seeds))
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


def test_on_shapes_it_writes_what_each_frame_shows(tmp_path):
    sample = make_sample(
        query="a blue cross", windows=[(10.0, 20.0)], duration=20.0, extra={"scene": SCENE, "level": 2}
    )
    text = answers(connect(tmp_path, sample), sample, [1], times=(0.0, 5.0, 10.0, 15.0))[0]
    assert "00.0 red ring no" in text and "10.0 blue cross yes" in text
    assert parse(text, duration=20.0).windows == sample.windows


def test_most_of_its_errors_on_shapes_end_early(tmp_path):
    sample = make_sample(
        query="a blue cross", windows=[(10.0, 20.0)], duration=20.0, extra={"scene": SCENE, "level": 1}
    )
    texts = answers(connect(tmp_path, sample), sample, range(1000), times=tuple(map(float, range(0, 20, 2))))
    ends = [parse(text, duration=20.0).windows[0].end for text in texts]
    assert 600 < sum(end == 18.0 for end in ends) < 700


def test_its_name_says_that_it_is_scripted(tmp_path):
    assert connect(tmp_path, make_sample()).id.startswith("scripted")


def test_a_sample_it_was_not_given_is_said(tmp_path):
    with pytest.raises(VtgError, match="other"):
        answers(connect(tmp_path, make_sample()), make_sample("other"), [1])


def test_its_version_says_what_it_says(tmp_path):
    samples = [
        make_sample("plain", windows=[(3.0, 9.0), (12.0, 13.5)]),
        make_sample("none", windows=[]),
        *(
            make_sample(f"level {level}", query="a blue cross", duration=20.0, windows=[(10.0, 20.0)],
                        extra={"scene": SCENE, "level": level})
            for level in (0, 1, 2)
        ),
    ]  # fmt: skip
    model = connect(tmp_path, *samples)
    texts = [answers(model, sample, range(50), times=(0.0, 5.0, 10.0, 15.0)) for sample in samples]
    version = plugins.load("models", "scripted").VERSION
    assert fingerprint.short(texts) == SAID.get(version), "it says something else: raise VERSION, and note it in SAID"
