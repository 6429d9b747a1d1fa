"""What a local model draws is what `Sampling` says, whatever its folder states in generation_config.json."""

import asyncio
import json
import shutil
from contextlib import suppress

import pytest

from support.builders import make_sample
from vtgdata.conversation.prompt import load_prompt, render
from vtgdata.files import plugins
from vtgdata.records import Endpoint, FrameSampling, Request, Sampling
from vtgdata.video.decode import jpeg

torch = pytest.importorskip("torch", reason="needs vtgdata[train]")
transformers = pytest.importorskip("transformers", reason="needs vtgdata[train]")

from vtgdata.plugins.models._transformers import sampling as drawing  # noqa: E402

ACTING = {
    "repetition_penalty": 1.5,
    "no_repeat_ngram_size": 1,
    "suppress_tokens": list(range(7, 300)),
    "begin_suppress_tokens": list(range(7, 300)),
    "bad_words_ids": [[i] for i in range(7, 300)],
    "sequence_bias": [[[i], 9.0 * (i % 3)] for i in range(7, 300)],
    "max_time": 1e-9,
    "num_beams": 3,
    "stop_strings": ["e"],
    "forced_bos_token_id": 9,
    "forced_eos_token_id": 9,
    "min_length": 500,
    "min_new_tokens": 8,
    "exponential_decay_length_penalty": [1, 3.0],
    "guidance_scale": 3.0,
    "max_length": 3,
    "max_new_tokens": 3,
    "temperature": 0.1,
    "top_k": 1,
    "top_p": 0.01,
    "min_p": 0.99,
    "typical_p": 0.01,
    "epsilon_cutoff": 0.5,
    "eta_cutoff": 0.5,
    "top_h": 0.1,
    "do_sample": True,
    "num_return_sequences": 3,
    "return_dict_in_generate": True,
    "output_scores": True,
    "use_cache": False,
    "penalty_alpha": 0.6,
    "renormalize_logits": True,
    "encoder_repetition_penalty": 3.0,
    "encoder_no_repeat_ngram_size": 1,
    "prompt_lookup_num_tokens": 3,
    "diversity_penalty": 2.0,
    "num_beam_groups": 2,
    "cache_implementation": "static",
    "length_penalty": 9.0,
    "early_stopping": True,
    "dola_layers": "low",
    "token_healing": True,
    "low_memory": True,
    "remove_invalid_values": True,
    "decoder_start_token_id": 9,
    "bos_token_id": 9,
    "pad_token_id": 9,
    "prefill_chunk_size": 3,
    "constraints": [1],
    "force_words_ids": [[9]],
}
"""Values with which fields act, where they can."""
FIELDS = [name for name in vars(transformers.GenerationConfig()) if not name.startswith("_")]


@pytest.fixture(scope="module")
def model(folder):
    return opened(folder)


def opened(folder, **endpoint):
    return plugins.load("models", "transformers_local").connect(str(folder), Endpoint(concurrency=4, **endpoint))


def request(**sampling) -> Request:
    import numpy as np

    images = tuple(jpeg(np.full((28, 28, 3), 40 * i, dtype=np.uint8), FrameSampling().short_side) for i in range(3))
    messages = render(load_prompt("shapes"), make_sample(query="blue cross"), (0.0, 1.0, 2.0), images)
    return Request(sample_id="a", messages=messages, sampling=Sampling(max_tokens=12, **sampling), seeds=(1, 2))


def texts(model, **sampling) -> list[str | None]:
    async def answers():
        return [reply.text for reply in await model.generate(request(**sampling))]

    return asyncio.run(answers())


@pytest.fixture(scope="module")
def plain(model) -> dict[str, list[str | None]]:
    return {"drawn": texts(model), "greedy": texts(model, temperature=0.0)}


def stating(model, name: str, value: object) -> transformers.GenerationConfig:
    """The generation_config of a folder in which one field was added."""
    stated = transformers.GenerationConfig(
        eos_token_id=model.defaults.ends, pad_token_id=model.defaults.pad, temperature=1.0, top_k=0, do_sample=True
    )
    setattr(stated, name, value)
    return stated


@pytest.mark.parametrize("name", FIELDS)
def test_no_field_of_a_folders_generation_config_reaches_the_library(model, name, monkeypatch):
    """For every field that the installed library knows: what it generates with is the same as without the field."""

    def seen(stated) -> dict:
        monkeypatch.setattr(model.model, "generation_config", stated)
        defaults = drawing.take_defaults(model.model, model.processor.tokenizer)
        asked = drawing.generation_config(defaults, Sampling())
        made, more = model.model._prepare_generation_config(asked)
        return {**vars(made), "more": more}

    without = seen(stating(model, "eos_token_id", model.defaults.ends))
    if name == "eos_token_id":
        assert sorted({9, *model.defaults.ends}) == seen(stating(model, name, [9, *model.defaults.ends]))[name]
    else:
        assert seen(stating(model, name, ACTING.get(name, 3))) == without


def earlier(model, name: str, value: object, monkeypatch, **sampling) -> list[str | None]:
    """What versions before 1.5 answered: the library filled what was open from the folder's generation_config."""
    monkeypatch.setattr(model.model, "generation_config", stating(model, name, value))
    return texts(model, **sampling)


@pytest.mark.parametrize(
    "name", [name if name in ACTING else pytest.param(name, marks=pytest.mark.slow) for name in FIELDS]
)
def test_a_field_that_acted_before_gives_the_model_another_id_and_no_other_field_does(model, plain, name, monkeypatch):
    value = ACTING.get(name, 3)
    found = {
        kind: earlier(model, name, value, monkeypatch, **({"temperature": 0.0} if kind == "greedy" else {}))
        for kind in plain
    }
    acted = any(text is not None and text != without for kind in plain
                for text, without in zip(found[kind], plain[kind], strict=True))  # fmt: skip
    counted = name in drawing._acted(stating(model, name, value))
    assert counted or not acted, f"{name} acted, and its answers would be taken for others"
    if counted:
        assert acted or name in POSSIBLE, f"{name} did not act, and its answers would be paid for again"


POSSIBLE = {
    "min_length": "acts where the prompt is shorter than it",
    "min_new_tokens": "acts where an answer ends before it, which this model's do not",
    "guidance_scale": "acts in models that take prompts without their pictures, which this one does not",
}


@pytest.mark.parametrize(
    "name", ["repetition_penalty", "no_repeat_ngram_size", "num_beams", "stop_strings", "max_time"]
)
def test_a_folder_with_a_default_of_its_own_answers_as_one_without(folder, plain, name, tmp_path):
    """R11: repetition_penalty 1.05 changed greedy answers, stop_strings failed every row, num_beams every drawn one."""
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    file = other / "generation_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {name: ACTING[name]}))
    model = opened(other)
    assert {"drawn": texts(model), "greedy": texts(model, temperature=0.0)} == plain


def test_a_penalty_that_acted_before_is_said_and_gives_another_id(folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    file = other / "generation_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"repetition_penalty": 1.05, "top_k": 20}))
    model = opened(other)
    assert model.id == f"{model.formerly}:as-stated"
    assert "let repetition_penalty 1.05 of the model's generation_config.json act" in model.formerly_why
    assert not hasattr(opened(folder), "formerly")


def test_an_end_that_only_the_folder_states_still_ends_an_answer(folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    file = other / "generation_config.json"
    whole = opened(folder)
    first = whole.processor.tokenizer(texts(whole, temperature=0.0)[0])["input_ids"]
    stated = json.loads(file.read_text())
    file.write_text(json.dumps(stated | {"eos_token_id": [stated["eos_token_id"], first[2]]}))
    cut = opened(other)
    assert cut.defaults.ends == sorted({stated["eos_token_id"], first[2]})
    [short, _] = texts(cut, temperature=0.0)
    assert len(short) < len(texts(whole, temperature=0.0)[0])


@pytest.mark.parametrize(
    "asked",
    [{"top_k": 5}, {"min_p": 0.3}, {"top_p": 0.6}, {"top_k": 9, "top_p": 0.7, "min_p": 0.1}],
    ids=lambda asked: "-".join(asked),
)
def test_the_tokens_that_may_be_drawn_are_those_of_the_library(asked):
    from transformers import LogitsProcessorList, MinPLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    scores = torch.randn(50, 300, generator=torch.Generator().manual_seed(0)) * 3
    makers = {"top_k": TopKLogitsWarper, "top_p": TopPLogitsWarper, "min_p": MinPLogitsWarper}
    theirs = LogitsProcessorList([makers[name](value) for name, value in asked.items()])(None, scores)
    ours = drawing.kept(scores, Sampling(**asked))
    assert torch.equal(ours.isinf(), theirs.isinf())


def test_a_share_of_drawn_tokens_is_their_probability():
    scores = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]])).repeat(2000, 1)
    drawn = drawing.SeededDraw(range(2000), Sampling(top_k=3))(torch.zeros(2000, 1), scores).argmax(-1)
    shares = torch.bincount(drawn, minlength=4) / 2000
    assert shares.tolist() == pytest.approx([0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0], abs=0.04)


def test_a_repetition_penalty_that_was_asked_for_acts_as_the_librarys_own(model, plain, monkeypatch):
    asked = texts(model, temperature=0.0, repetition_penalty=1.5)
    assert asked != plain["greedy"]
    assert asked == earlier(model, "repetition_penalty", 1.5, monkeypatch, temperature=0.0)


def test_a_row_that_has_ended_draws_nothing_more():
    draw = drawing.SeededDraw([1, 2], Sampling(), ends=[3])
    scores = torch.zeros(2, 9)
    draw(torch.zeros(2, 4, dtype=torch.long), scores)
    draw(torch.tensor([[3], [4]]), scores)
    alone = drawing.SeededDraw([2], Sampling())
    alone(torch.zeros(1, 4), scores[:1])
    alone(torch.zeros(1, 4), scores[:1])
    again = draw(torch.tensor([[0], [4]]), scores)
    assert torch.equal(again[0], again[0, :1].expand(9))
    assert torch.equal(again[1], alone(torch.zeros(1, 4), scores[:1])[0])


def test_what_changes_nothing_is_unset_and_keeps_the_work_key():
    assert Sampling(top_k=0, min_p=0.0, repetition_penalty=1.0) == Sampling()
    assert Sampling(top_k=5, min_p=0.1).further() == {"top_k": 5, "min_p": 0.1}
    with suppress(AttributeError):
        assert not Sampling().further()
