"""A real (tiny, untrained) vision-language model in this process."""

import asyncio
import os
import shutil
import subprocess
import sys

import pytest

from support.builders import make_sample
from vtgdata.conversation.prompt import load_prompt, render
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.records import Endpoint, FrameSampling, Request, Sampling
from vtgdata.video.decode import jpeg

pytest.importorskip("torch", reason="needs vtgdata[train]")


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
        endpoint = Endpoint(concurrency=rows, reproducible=True)
        model = plugins.load("models", "transformers_local").connect(str(folder), endpoint)
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


@pytest.mark.parametrize("name", ["runs/nosuch/sft", "a name"])
def test_a_mistyped_folder_is_said_to_be_none(name):
    with pytest.raises(VtgError, match=rf"transformers_local:{name}: no model can be loaded\. There is no such folder"):
        plugins.load("models", "transformers_local").connect(name, Endpoint())


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "processor_config.json"])
def test_a_folder_without_a_whole_model_is_said_to_lack_it(folder, tmp_path, missing):
    shutil.copytree(folder, tmp_path / "part")
    (tmp_path / "part" / missing).unlink()
    with pytest.raises(VtgError, match="Name a folder with a whole model and its processor"):
        plugins.load("models", "transformers_local").connect(str(tmp_path / "part"), Endpoint())


def test_weights_that_are_cut_off_are_an_error_to_mend(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "torn")
    weights = tmp_path / "torn/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(VtgError, match="no model can be loaded"):
        plugins.load("models", "transformers_local").connect(str(tmp_path / "torn"), Endpoint())


CONNECT = """
import sys
from pathlib import Path
from vtgdata.files import plugins
from vtgdata.records import Endpoint
for commit in sys.argv[2:]:
    Path(sys.argv[1]).write_text(commit)
    print(plugins.load("models", "transformers_local").connect("org/tiny", Endpoint()).id)
"""


def test_a_model_pushed_again_to_the_hub_is_another_model(folder, tmp_path):
    """Out of the Hub client's cache; in a process, since that client reads its settings when it is imported."""
    repository, commits = tmp_path / "models--org--tiny", ["a" * 40, "b" * 40]
    for commit in commits:
        shutil.copytree(folder, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    offline = os.environ | {"HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", CONNECT, str(repository / "refs/main"), *commits]
    done = subprocess.run(command, env=offline, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [f"transformers_local:org/tiny@{commit}" for commit in commits]


def test_a_batch_that_fails_names_the_kind_of_error_and_keeps_its_words_apart(folder):
    async def fail():
        model = plugins.load("models", "transformers_local").connect(str(folder), Endpoint(concurrency=2))

        def crowded(rows, size):
            raise MemoryError("tried to allocate 3.14 GiB at 0x7f")

        model._batch = crowded
        return (await model.generate(request("blue cross", [1])))[0]

    reply = asyncio.run(fail())
    assert (reply.text, reply.error) == (None, "MemoryError")
    assert reply.detail.startswith("tried to allocate 3.14 GiB at 0x7f; not even one answer fits: show fewer")
