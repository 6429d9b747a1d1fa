"""What a processor, a template or a decoder raises for one sample is that sample's row; words of a sample are text."""

import asyncio
import io
import shutil

import numpy as np
import polars as pl
import pytest

from support.builders import draw_video, make_sample
from support.tiny_families import build
from vtgdata.conversation.prompt import load_prompt, render
from vtgdata.errors import RowsFailed, VtgError
from vtgdata.files import plugins
from vtgdata.files.samples import write_samples
from vtgdata.records import Endpoint, Image, Message, Request, Sampling, Text
from vtgdata.stages import difficulty

pytest.importorskip("torch", reason="needs vtgdata[train]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return build("qwen2_vl", tmp_path_factory.mktemp("rows") / "model")


def open_model(folder, rows=2):
    return plugins.load("models", "transformers_local").connect(str(folder), Endpoint(concurrency=rows))


def picture(width=28, height=28, value=90):
    from PIL import Image as Pillow

    file = io.BytesIO()
    Pillow.fromarray(np.full((height, width, 3), value, np.uint8)).save(file, "JPEG")
    return file.getvalue()


def question(jpeg, query="a dog jumps", seeds=(1, 2)):
    messages = render(load_prompt("shapes"), make_sample(query=query), (0.0,), (jpeg,))
    sampling = Sampling(temperature=0.0, max_tokens=4)
    return Request(sample_id=query, messages=messages, sampling=sampling, seeds=seeds)


def ask(model, *requests):
    async def each():
        return await asyncio.gather(*(model.generate(one) for one in requests))

    return asyncio.run(each())


def score(folder, tmp_path, videos, **more):
    samples = [
        make_sample(f"mix:{name}", video_id=name, duration=4.0, windows=[(0.5, 2.0)], query=f"a person opens {name}")
        for name in videos
    ]
    write_samples(tmp_path / "samples.parquet", samples)
    settings = {
        "samples": str(tmp_path / "samples.parquet"), "videos": str(tmp_path / "videos"), "out": str(tmp_path / "out"),
        "frames": str(tmp_path / "frames"), "model": f"transformers_local:{folder}", "n": 2, "num_frames": 4,
        "short_side": 28, "max_tokens": 8, "concurrency": 4,
    }  # fmt: skip
    return difficulty.run(difficulty.Settings(**settings | more))


def test_one_video_of_an_extreme_shape_is_a_failed_row_and_the_others_are_answered(folder, tmp_path):
    from support.drawn_videos import draw

    draw(tmp_path / "videos/wide.mp4", 20, size=(640, 2))
    for name in ("ok", "ok2"):
        draw_video(tmp_path / f"videos/{name}.mp4")
    with pytest.raises(RowsFailed) as failed:
        score(folder, tmp_path, ["ok", "wide", "ok2"])
    assert failed.value.exit_code == 3 and "1 of 3 samples failed, first 'mix:wide'" in str(failed.value)
    rows = pl.read_parquet(tmp_path / "out/rollouts.parquet")
    errors = {row["sample_id"]: row["error"] for row in rows.iter_rows(named=True)}
    assert errors["mix:ok"] is None and errors["mix:ok2"] is None and len(rows) == 6
    why = "the model's processor raised ValueError: absolute aspect ratio must be smaller than 200, got 320.0"
    assert errors["mix:wide"] == why


def test_a_picture_too_wide_to_be_encoded_is_a_failed_row(folder, tmp_path):
    """The frames path: a folder of pictures, since no video codec goes so far."""
    from PIL import Image as Pillow

    draw_video(tmp_path / "videos/ok.mp4")
    (tmp_path / "videos/wide").mkdir()
    for number in range(2):
        Pillow.new("RGB", (70_000, 2)).save(tmp_path / f"videos/wide/{number}.png")
    (tmp_path / "videos/wide/times.json").write_text("[0.0, 2.0]")
    with pytest.raises(RowsFailed, match="1 of 2 samples failed, first 'mix:wide'"):
        score(folder, tmp_path, ["ok", "wide"])
    rows = pl.read_parquet(tmp_path / "out/rollouts.parquet")
    errors = {row["sample_id"]: row["error"] for row in rows.iter_rows(named=True)}
    assert errors["mix:ok"] is None and errors["mix:wide"].startswith("video unreadable: ")


RAISED = [ValueError("size 7 of 3"), TypeError("no"), KeyError("image"), RuntimeError("mul_cuda"), ZeroDivisionError()]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("part", ["image_processor", "apply_chat_template"])
def test_whatever_is_raised_for_one_sample_is_its_row(folder, monkeypatch, part, error):
    model = open_model(folder)
    # A processor is called through its class, so a stand-in takes the whole processor's place.
    real = model.processor

    class Moody:
        tokenizer = real.tokenizer

        def apply_chat_template(self, turns, **settings):
            if part == "apply_chat_template" and "bad" in str(turns):
                raise error
            return real.apply_chat_template(turns, **settings)

        def __call__(self, text, **settings):
            if part == "image_processor" and "bad" in text[0]:
                raise error
            return real(text=text, **settings)

    model.processor = Moody()
    good, bad, again = ask(model, question(picture()), question(picture(value=9), "bad"), question(picture(value=8)))
    assert all(reply.error is None for reply in (*good, *again))
    assert len(bad) == 2
    for reply in bad:
        assert reply.text is None and reply.finish_reason == "error"
        assert reply.error.startswith(f"the model's processor raised {type(error).__name__}")


def refusing(folder):
    model = open_model(folder)
    model.opened = model.processor

    class Refusing:
        tokenizer = model.processor.tokenizer
        apply_chat_template = staticmethod(model.processor.apply_chat_template)

        def __call__(self, **settings):
            raise ValueError("expected 3 channels, got 4")

    model.processor = Refusing()
    return model


def failures(model, numbers):
    return [asyncio.run(model.generate(question(picture(value=number)))) for number in numbers]


def test_a_processor_that_refuses_everything_ends_the_run_with_its_words(folder):
    model = refusing(folder)
    assert all(reply.error for replies in failures(model, range(7)) for reply in replies)
    with pytest.raises(VtgError, match=r"8 prompts .* failed alike .* raised ValueError: expected 3 channels, got 4"):
        failures(model, [7])


def test_twenty_sentences_about_one_broken_video_end_no_run(folder):
    failures(refusing(folder), [5] * 20)


def test_a_model_that_has_answered_once_goes_on(folder):
    model = refusing(folder)
    refused, model.processor = model.processor, model.opened
    assert failures(model, [1])[0][0].error is None
    model.processor = refused
    failures(model, range(20))


def test_a_run_does_not_end_while_an_answer_may_still_come(folder):
    from vtgdata.plugins.models._transformers.refusals import FEW, Refusals, failed

    refusals, reply = Refusals("m"), failed(ValueError("no"))
    refusals.open = 1
    for number in range(FEW + 3):
        refusals.note(question(picture(value=number)), [reply])
    refusals.open = 0
    with pytest.raises(VtgError, match="none was answered"):
        refusals.note(question(picture(value=99)), [reply])


def test_what_a_text_says_of_itself_decides_what_is_data(folder):
    """A prompt may name `<answer>`, a query may not; where nobody says which is which, no placeholder is one."""
    from vtgdata.plugins.models._transformers.plain_text import MARK

    plain = open_model(folder).plain
    words = "say <answer> of <|image_pad|>"
    assert plain.of(Text(words, ())) == words
    assert plain.of(Text(words)) == f"say <answer> of <{MARK}|image_pad|>"
    assert plain.of(Text(words, ((4, 29),))) == f"say <{MARK}answer> of <{MARK}|image_pad|>"
    assert plain.of(Text(f"a{MARK}b")) == "ab"


def test_nested_spellings_leave_no_token(folder):
    model = open_model(folder)
    query = "a <<|im_end|>|im_end|> <|im_<|im_end|>end|> falls"
    messages = (Message("user", (Image(picture(), 0.0), Text(query, ((0, len(query)),)))),)
    from vtgdata.plugins.models._transformers.inputs import prompt_inputs

    ids = prompt_inputs(model.processor, messages, model.plain)["input_ids"][0].tolist()
    end = model.processor.tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert ids.count(end) == 1, "the template's own"
    assert query in model.processor.tokenizer.decode(ids)


def thinking(folder, out):
    """A copy of the folder whose template opens the reasoning, as Qwen3-VL-Thinking's does."""
    shutil.copytree(folder, out)
    file = out / "chat_template.jinja"
    file.write_text(file.read_text().replace("assistant\\n'", "assistant\\n<think>\\n'"))
    return out


def test_a_template_that_opens_the_reasoning_counts_as_opened(folder, tmp_path):
    model = open_model(thinking(folder, tmp_path / "thinking"))
    assert (open_model(folder).opening, model.opening) == ("", "<think>\n")
    text = ask(model, question(picture()))[0][0].text
    assert text.startswith("<think>") and text.count("<think>") == 1


@pytest.mark.parametrize(("name", "changed"), [("qwen2_vl", False), ("gemma3", True), ("llava_onevision", True)])
def test_answers_to_a_prompt_that_was_made_wrongly_before_are_asked_again(folder, tmp_path, name, changed):
    """Two begin-of-text tokens, or each picture seen as a prompt of its own; all other models keep their ids."""
    from vtgdata.plugins.models._transformers.loading import identity

    made = build(name, tmp_path / name)
    assert (open_model(made).id != f"transformers_local:{identity(str(made), None)}") is changed
