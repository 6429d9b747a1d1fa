"""The base stage: its clips are what a model will be asked, it learns, in float32, and says how far it is."""

import logging

import pytest

from vtgdata.conversation.prompt import load_prompt
from vtgdata.demo import base, tiny
from vtgdata.demo import clips as clips_module
from vtgdata.errors import VtgError

pytest.importorskip("torch", reason="needs vtgdata[train]")


@pytest.fixture(scope="module")
def clips():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clips_module, "BANK", 4)  # sixty frames of a pair teach; four are enough to look at
        yield clips_module.Clips(tiny.build_tokenizer(), [0, 1], 7)


def test_clips_are_asked_in_the_words_of_the_prompt(clips):
    batch = clips.batch(2, 10, (0, 1))
    text = clips.tokenizer.decode(batch.tokens[0])
    seen = "<|vision_start|><|image_pad|><|vision_end|>"
    body = load_prompt("shapes").body
    query = text.split("When: ")[1].split("?")[0]
    first, last = body.replace("{query}", query).split("{frames}")
    assert text.startswith(f"<|im_start|>user\n{first}00.0{seen}")
    assert last == "{duration}"
    assert text.count(seen) == 10
    assert text.endswith("</answer><|im_end|>")
    assert batch.frames.shape == (20, 28, 28, 3)


def test_only_the_completion_is_learnt_and_marks_and_answers_count_most(clips):
    batch = clips.batch(3, 4, (clips_module.QUIZ,))
    learnt = clips.tokenizer.decode(batch.tokens[0, -batch.answer :])
    assert learnt.startswith("<think>00.0 ")
    assert (batch.weights == 4).sum() == 3 * (4 + 2)
    assert (batch.weights == 1).sum() == 3 * (batch.answer - 6)


def test_a_quiz_shows_what_is_asked_and_much_that_is_nearly_it(clips):
    drawn = [clips.quiz(10) for _ in range(300)]
    assert all(asked in shown for asked, shown in drawn)
    others = [(asked, pair) for asked, shown in drawn for pair in shown if pair != asked]
    near = sum(asked // 3 == pair // 3 or asked % 3 == pair % 3 for asked, pair in others) / len(others)
    assert near > 0.5


def test_joined_images_give_what_the_library_gives():
    import torch

    tokenizer = tiny.build_tokenizer()
    visual = tiny.build_model(tokenizer, 0).model
    images = torch.randint(0, 255, (5, 28, 28, 3), dtype=torch.uint8)
    grid = torch.tensor([[1, 2, 2]]).expand(5, 3)

    def seen():
        with torch.no_grad():
            return visual.visual(tiny.patches(images), grid_thw=grid, return_dict=True).pooler_output

    class Holder:
        model = visual

    plain = seen()
    base.join_images(Holder)
    joined = seen()
    base.part_images(Holder)
    torch.testing.assert_close(joined, plain, atol=1e-5, rtol=1e-4)
    assert torch.equal(seen(), plain)


@pytest.fixture(scope="module")
def trained(clips):
    """Two steps on few clips: the types of all tensors that were made, and what was said."""
    import torch
    from torch.utils import _pytree as trees
    from torch.utils._python_dispatch import TorchDispatchMode

    made: set[torch.dtype] = set()
    said: list[str] = []

    class Types(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            result = func(*args, **(kwargs or {}))
            made.update(leaf.dtype for leaf in trees.tree_leaves(result) if isinstance(leaf, torch.Tensor))
            return result

    with pytest.MonkeyPatch.context() as patch, Types():
        patch.setattr(logging.getLogger("vtgdata"), "info", lambda text, *parts: said.append(text % parts))
        patch.setattr("vtgdata.files.live.on_terminal", lambda: False)
        patch.setattr(clips, "batches", lambda steps: (clips.batch(4, 3, (0,)) for _ in range(steps)))
        base.train(tiny.build_model(clips.tokenizer, 7), clips, base.Settings(out="none", steps=2))
    return made, said


def test_it_makes_no_tensor_of_half_precision(trained):
    """A CPU without instructions for bfloat16 emulates it, many times slower."""
    import torch

    made, _ = trained
    assert torch.float32 in made
    assert made.isdisjoint({torch.bfloat16, torch.float16}), made


def test_it_says_how_far_it_is(trained):
    _, said = trained
    assert said[0] == "demo-base: 0 of 2 steps" and said[-1].startswith("demo-base: 2 of 2 steps, ")


def test_too_few_steps_are_refused(tmp_path):
    with pytest.raises(VtgError, match="at least 60"):
        base.run(base.Settings(out=str(tmp_path), steps=10))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights(tmp_path):
    for name in ("one", "two"):
        base.run(base.Settings(out=str(tmp_path / name), steps=60, levels=[0]))
    assert (tmp_path / "one/model.safetensors").read_bytes() == (tmp_path / "two/model.safetensors").read_bytes()
