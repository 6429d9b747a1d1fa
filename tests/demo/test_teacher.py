import asyncio

import pytest

from support.builders import make_sample
from vtgdata.conversation.answer import parse
from vtgdata.demo import teacher
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, plugins
from vtgdata.files.samples import write_samples
from vtgdata.records import Endpoint, Image, Message, Request, Sampling

SCENE = [
    {"colour": "red", "shape": "ring", "start": 0.0, "end": 10.0},
    {"colour": "blue", "shape": "cross", "start": 10.0, "end": 20.0},
]


SAID = {1: "fd97ef153bba03bd"}
"""For each version of the teacher: a fingerprint of its answers to some samples."""


def connect(tmp_path, *samples):
    write_samples(tmp_path / "samples.parquet", samples)
    return plugins.load("models", "vtgdata.demo.teacher").connect(str(tmp_path / "samples.parquet"), Endpoint())


def answers(model, sample, seeds, times=()):
    message = Message("user", tuple(Image(b"", time) for time in times))
    request = Request(sample_id=sample.sample_id, messages=(message,), sampling=Sampling(), seeds=tuple(seeds))
    return [reply.text for reply in asyncio.run(model.generate(request))]


def test_it_writes_what_each_frame_shows(tmp_path):
    sample = make_sample(
        query="a blue cross", windows=[(10.0, 20.0)], duration=20.0, extra={"scene": SCENE, "level": 2}
    )
    text = answers(connect(tmp_path, sample), sample, [1], times=(0.0, 5.0, 10.0, 15.0))[0]
    assert "00.0 red ring no" in text and "10.0 blue cross yes" in text
    assert parse(text, duration=20.0).windows == sample.windows


def test_most_of_its_errors_end_early(tmp_path):
    sample = make_sample(
        query="a blue cross", windows=[(10.0, 20.0)], duration=20.0, extra={"scene": SCENE, "level": 1}
    )
    texts = answers(connect(tmp_path, sample), sample, range(1000), times=tuple(map(float, range(0, 20, 2))))
    ends = [parse(text, duration=20.0).windows[0].end for text in texts]
    assert 600 < sum(end == 18.0 for end in ends) < 700


def test_its_name_says_that_it_is_scripted(tmp_path):
    assert connect(tmp_path, make_sample(extra={"scene": SCENE})).id.startswith("scripted-shapes-")


def test_a_sample_that_it_was_not_given_or_that_has_no_scene_is_said(tmp_path):
    model = connect(tmp_path, make_sample("known"))
    for name in ("other", "known"):
        with pytest.raises(VtgError, match=f"{name}.*scripted"):
            answers(model, make_sample(name), [1])


def test_without_samples_it_says_what_it_needs():
    with pytest.raises(VtgError, match=r"samples\.parquet"):
        teacher.connect("", Endpoint())


def test_its_version_says_what_it_says(tmp_path):
    samples = [
        make_sample(f"level {level}", query="a blue cross", duration=20.0, windows=[(10.0, 20.0)],
                    extra={"scene": SCENE, "level": level})
        for level in (0, 1, 2)
    ]  # fmt: skip
    model = connect(tmp_path, *samples)
    texts = [answers(model, sample, range(50), times=(0.0, 5.0, 10.0, 15.0)) for sample in samples]
    said = SAID.get(teacher.VERSION)
    assert fingerprint.short(texts) == said, "it says something else: raise VERSION, and note it in SAID"
