"""A real (tiny, untrained) vision-language model in this process."""

import asyncio

import pytest

from builders import make_sample
from vtgdata import plugins
from vtgdata.errors import VtgError
from vtgdata.records import Endpoint, FrameSampling, Request, Sampling
from vtgdata.video.messages import load_prompt, render
from vtgdata.video.store import jpeg

pytest.importorskip("torch", reason="needs vtgdata[train]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from vtgdata.demo import tiny

    out = tmp_path_factory.mktemp("tiny")
    tokenizer = tiny.build_tokenizer()
    tiny.build_model(tokenizer, seed=1).save_pretrained(out)
    tiny.build_processor(tokenizer).save_pretrained(out)
    return out


def frame(value: int) -> bytes:
    import numpy as np

    return jpeg(np.full((28, 28, 3), value, dtype=np.uint8), FrameSampling().short_side)


def request(query: str, seeds: list[int], *, frames: int = 3, **sampling) -> Request:
    times = tuple(float(i) for i in range(frames))
    images = tuple(frame(40 * i) for i in range(frames))
    messages = render(load_prompt("shapes"), make_sample(query=query), times, images)
    return Request(sample_id=query, messages=messages, sampling=Sampling(max_tokens=12, **sampling), seeds=tuple(seeds))


def ask(folder, requests: list[Request], rows: int = 4) -> list[list[str | None]]:
    async def answer():
        model = plugins.load("models", "transformers_local").connect(str(folder), Endpoint(concurrency=rows))
        replies = await asyncio.gather(*(model.generate(one) for one in requests))
        await model.close()
        return [[reply.text for reply in some] for some in replies]

    return asyncio.run(answer())


def test_an_answer_depends_on_its_seed_and_not_on_its_neighbours(folder):
    alone = ask(folder, [request("blue cross", [1])])[0]
    crowd = ask(folder, [request("red ring", [7, 8]), request("blue cross", [3, 1, 2]), request("x", [9], frames=2)])
    assert crowd[1][1] == alone[0]
    assert len({*crowd[1]}) == 3


def test_the_order_of_requests_does_not_matter(folder):
    requests = [request(query, [1, 2]) for query in ("blue cross", "red ring", "cyan square")]
    assert ask(folder, requests) == ask(folder, requests[::-1])[::-1]


def test_greedy_answers_do_not_depend_on_the_seed(folder):
    first, second = ask(folder, [request("blue cross", [1, 2], temperature=0.0)])[0]
    assert first == second


def test_a_cut_off_answer_says_so(folder):
    async def finish():
        model = plugins.load("models", "transformers_local").connect(str(folder), Endpoint(concurrency=4))
        return (await model.generate(request("blue cross", [1])))[0]

    reply = asyncio.run(finish())
    assert reply.finish_reason == "length"
    assert reply.tokens_out == 12
    assert reply.tokens_in > 10


def test_other_weights_are_another_model(folder, tmp_path):
    import shutil

    from vtgdata.demo import tiny

    other = tmp_path / "other"
    shutil.copytree(folder, other)
    connect = plugins.load("models", "transformers_local").connect
    assert connect(str(folder), Endpoint()).id == connect(str(other), Endpoint()).id
    tiny.build_model(tiny.build_tokenizer(), seed=2).save_pretrained(other)
    assert connect(str(folder), Endpoint()).id != connect(str(other), Endpoint()).id


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(VtgError, match="no folder"):
        plugins.load("models", "transformers_local").connect(str(tmp_path / "none"), Endpoint())
