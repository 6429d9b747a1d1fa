"""The tiny model: tokens, template, processor."""

import numpy as np
import pytest

from vtgdata.demo import scenes, tiny

pytest.importorskip("torch", reason="needs vtgdata[train]")


@pytest.fixture(scope="module")
def tokenizer():
    return tiny.build_tokenizer()


def test_every_time_and_word_of_the_corpus_is_one_token(tokenizer):
    words = [f" {word}" for word in (*scenes.COLOURS, *scenes.SHAPES, "a", "yes", "no")]
    times = [f"{half / 2:04.1f}" for half in range(121)]
    for text in (*words, *times, " to ", "; ", *tiny.TAGS, *tiny.SPECIAL):
        assert len(tokenizer(text, add_special_tokens=False).input_ids) == 1, text


def test_any_text_survives_the_tokenizer_and_tags_are_kept(tokenizer):
    text = "<think>00.0 blue cross; Ünïcode 漢字 \n 17.25</think><answer>03.0 to 09.0</answer>"
    ids = tokenizer(text, add_special_tokens=False).input_ids
    assert tokenizer.decode(ids, skip_special_tokens=True) == text


def test_the_template_takes_images_of_trainers_and_of_clients(tokenizer):
    def chat(image):
        return [{"role": "user", "content": [{"type": "text", "text": "When?"}, image]}]

    ours = tokenizer.apply_chat_template(chat({"type": "image"}), tokenize=False, add_generation_prompt=True)
    url = {"type": "image_url", "image_url": {"url": "data:"}}
    assert ours == tokenizer.apply_chat_template(chat(url), tokenize=False, add_generation_prompt=True)
    seen = "<|vision_start|><|image_pad|><|vision_end|>"
    assert ours == f"<|im_start|>user\nWhen?{seen}<|im_end|><|im_start|>assistant\n"


def test_an_answer_is_the_prompt_continued(tokenizer):
    turns = [{"role": "user", "content": "When?"}, {"role": "assistant", "content": "<answer></answer>"}]
    asked = tokenizer.apply_chat_template(turns[:1], tokenize=False, add_generation_prompt=True)
    assert tokenizer.apply_chat_template(turns, tokenize=False) == asked + "<answer></answer><|im_end|>"


def test_patches_are_what_the_image_processor_makes(tokenizer):
    import torch
    from PIL import Image

    rng = np.random.default_rng(0)
    images = np.stack([scenes.draw_image(pair, scenes.STYLES[0], rng) for pair in range(4)])
    out = tiny.build_processor(tokenizer)(
        text=["<|image_pad|>" * 4], images=[[Image.fromarray(image) for image in images]], return_tensors="pt"
    )
    assert out["input_ids"].shape == (1, 4)
    torch.testing.assert_close(tiny.patches(torch.from_numpy(images)), out["pixel_values"], atol=1e-5, rtol=0)
