"""A local batch is as large as fits, and one answer does not cost what 64 cost."""

import asyncio
import math

import numpy as np
import pytest

from support.builders import make_sample
from vtgdata.conversation.prompt import load_prompt, render
from vtgdata.files import plugins
from vtgdata.records import Endpoint, FrameSampling, Reply, Request, Sampling
from vtgdata.video.decode import jpeg

torch = pytest.importorskip("torch", reason="needs vtgdata[train]")

from vtgdata.plugins.models._transformers import batches  # noqa: E402


def opened(folder, **endpoint):
    return plugins.load("models", "transformers_local").connect(str(folder), Endpoint(**endpoint))


def request(*seeds: int, frames: int = 3, query: str = "blue cross", **sampling) -> Request:
    images = tuple(
        jpeg(np.full((28, 28, 3), (9 * i) % 251, dtype=np.uint8), FrameSampling().short_side) for i in range(frames)
    )
    messages = render(load_prompt("shapes"), make_sample(query=query), tuple(map(float, range(frames))), images)
    return Request(sample_id="a", messages=messages, sampling=Sampling(**({"max_tokens": 6} | sampling)), seeds=seeds)


def ask(model, *requests: Request) -> list[Reply]:
    async def answers():
        return [reply for replies in await asyncio.gather(*map(model.generate, requests)) for reply in replies]

    return asyncio.run(answers())


def small_card(model, rows: int, error: Exception) -> list[int]:
    """Let the library's `generate` fail above so many rows; returns the sizes that it is called with."""
    tried, generate = [], model.model.generate

    def crowded(**inputs):
        tried.append(len(inputs["input_ids"]))
        if tried[-1] > rows:
            raise error
        return generate(**inputs)

    model.model.generate = crowded
    return tried


def cuda_words() -> Exception:
    return RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported")


ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3.14 GiB"),
    cuda_words(),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: not enough memory: you tried to"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried to"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("MPS backend out of memory (MPS allocated: 17.79 GB)"),
    RuntimeError("HIP out of memory. Tried to allocate 20.00 MiB"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: f"{type(error).__name__} {str(error)[-12:]}")
def test_a_batch_too_big_for_the_card_is_halved_until_it_fits_and_the_size_is_remembered(folder, error):
    """R32: one try with 64 rows, then all rows failed with 'OutOfMemoryError'."""
    model = opened(folder)
    most, fits = (64, 8) if error is ERRORS[0] else (8, 2)
    tried = small_card(model, fits, error)
    replies = ask(model, request(*range(most)))
    assert [reply.error for reply in replies] == [None] * most
    halved = [most // 2**step for step in range(most.bit_length()) if most // 2**step > fits]
    assert tried == [*halved, *[fits] * (most // fits)]
    tried.clear()
    ask(model, request(*range(2 * fits + 1)))
    assert tried == [fits, fits, 1]


def test_answers_after_halving_are_those_of_their_seeds(folder):
    model = opened(folder)
    before = [reply.text for reply in ask(model, request(*range(12)))]
    small_card(model, 2, MemoryError())
    assert [reply.text for reply in ask(model, request(*range(12)))] == before


def test_a_short_prompt_is_not_held_to_what_a_long_one_could_not(folder):
    model = opened(folder)
    generate, tried = model.model.generate, []

    def crowded(**inputs):
        tried.append(inputs["input_ids"].shape)
        if inputs["input_ids"].numel() > 3000:
            raise MemoryError
        return generate(**inputs)

    model.model.generate = crowded
    ask(model, request(*range(16), frames=60))
    assert [rows for rows, _ in tried] == [16, 8, 8]
    tried.clear()
    ask(model, request(*range(16), frames=60))
    ask(model, request(*range(16), frames=3))
    assert [rows for rows, _ in tried] == [8, 8, 16]


def test_only_where_not_even_one_answer_fits_its_row_fails_and_says_what_to_do(folder):
    model = opened(folder)
    tried = small_card(model, 0, torch.OutOfMemoryError("CUDA out of memory."))
    replies = ask(model, request(1, 2))
    assert tried == [2, 1, 1]
    assert {reply.error for reply in replies} == {"OutOfMemoryError"}
    assert all("show fewer or smaller frames (--num-frames, --short-side)" in reply.detail for reply in replies)


def test_with_reproducible_a_batch_that_does_not_fit_is_not_made_smaller_in_silence(folder):
    model = opened(folder, reproducible=True)
    tried = small_card(model, 8, MemoryError())
    [reply] = ask(model, request(1))
    assert tried == [64]
    assert (reply.error, "give --concurrency 32 to all runs" in reply.detail) == ("MemoryError", True)


@pytest.mark.parametrize("reproducible", [False, True])
def test_one_row_that_cannot_be_computed_does_not_fail_its_neighbours(folder, reproducible):
    model = opened(folder, concurrency=8, reproducible=reproducible)
    bad, generate = ask(model, request(3))[0], model.model.generate

    def picky(**inputs):
        if inputs["logits_processor"][0].generators[0].initial_seed() <= 3 and 3 in [
            one.initial_seed() for one in inputs["logits_processor"][0].generators
        ]:
            raise ValueError("image tokens and features do not match")
        return generate(**inputs)

    model.model.generate = picky
    replies = ask(model, request(*range(8)))
    assert [reply.error for reply in replies] == [None, None, None, "ValueError", None, None, None, None]
    assert bad.error is None


def test_one_answer_is_one_row_and_with_reproducible_all_rows(folder):
    for reproducible, size in ((False, 1), (True, 64)):
        model = opened(folder, reproducible=reproducible)
        tried = small_card(model, 64, MemoryError())
        [reply] = ask(model, request(1))
        assert tried == [size]
        assert reply.varies is (True if not reproducible else reply.varies)
        assert bool(reply.varies) is not reproducible


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 9, 17, 33, 64])
def test_a_batch_is_filled_up_to_the_next_of_a_few_sizes(rows):
    assert batches.filled(rows, 64) == 2 ** math.ceil(math.log2(rows))
    assert batches.filled(min(rows, 6), 6) <= 6


def test_a_prompt_past_the_context_is_a_failed_row_with_both_numbers(folder):
    model = opened(folder)
    long, short = ask(model, request(1, max_tokens=4090), request(1))
    assert short.error is None
    assert long.error == f"{short.tokens_in} tokens of prompt and 4090 of --max-tokens, but the model takes 4096"


def test_an_error_that_only_follows_one_of_memory_counts_as_one():
    try:
        try:
            raise MemoryError
        except MemoryError as error:
            raise RuntimeError("generate failed") from error
    except RuntimeError as error:
        assert batches.is_out_of_memory(error)
    assert not batches.is_out_of_memory(ValueError("out of memory is no word of this type"))


@pytest.mark.slow
def test_of_2000_answers_few_differ_between_sizes_of_batches_and_none_with_one_size(folder, record_property):
    """Counts what --reproducible is for: the same 2,000 answers in batches of 64, of 8 and of one."""
    seeds = range(2000)

    def texts(**endpoint) -> list[str | None]:
        asked = [request(*seeds[i : i + 8], query=f"shape {i}", max_tokens=24) for i in range(0, 2000, 8)]
        return [reply.text for reply in ask(opened(folder, **endpoint), *asked)]

    whole = texts(concurrency=64)
    for size in (8, 1):
        differ = sum(a != b for a, b in zip(whole, texts(concurrency=size), strict=True))
        record_property(f"differ between 64 and {size}", differ)
        print(f"{differ} of 2,000 answers differ between batches of 64 and of {size}")  # noqa: T201
        assert differ <= 40
    assert texts(concurrency=64, reproducible=True) == whole
