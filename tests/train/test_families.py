"""Every family that is asked can be trained, or is refused by its name before its weights are read."""

import json

import numpy as np
import pytest

from support import tiny_families
from support.tiny_families import FAMILIES
from vtgdata.conversation.prompt import load_prompt
from vtgdata.errors import VtgError
from vtgdata.train import families, rl, sft, sizes
from vtgdata.train.parts import part

pytest.importorskip("trl", reason="needs vtgdata[train]")

PROMPT = load_prompt("ground")
TARGET = "<think>a</think><answer>0.0 to 5.0</answer>"
ROWS = [
    {
        "sample_id": f"s{number}", "corpus": "shapes", "split": "sft", "video_id": "v", "duration": 10.0,
        "query": "a blue cross", "windows": [[0.0, 5.0]], "prompt_id": PROMPT.id, "target": TARGET + " a" * number,
    }
    for number in range(4)
]  # fmt: skip
PARTS = {
    "model.visual.blocks.0.attn.qkv.weight": "vision", "model.visual.merger.mlp.0.weight": "projector",
    "model.visual.deepstack_merger_list.0.norm.weight": "projector", "model.visual.downsample.weight": "vision",
    "model.language_model.layers.0.mlp.gate_proj.weight": "language", "lm_head.weight": "language",
    "model.vision_tower.encoder.layer.0.attention.q_proj.weight": "vision", "model.image_newline": "projector",
    "model.multi_modal_projector.linear_1.weight": "projector", "model.text_model.layers.0.mlp.weight": "language",
    "model.vision_model.encoder.layers.0.mlp.fc1.weight": "vision", "model.projector.readout.0.weight": "projector",
    "model.connector.modality_projection.proj.weight": "projector", "model.vision_tower.post_layernorm.bias": "vision",
    "base_model.model.model.visual.blocks.0.attn.qkv.lora_A.default.weight": "vision",
}  # fmt: skip
"""Names of weights of the thirteen families, and of an adapter."""
TURNS = "import numpy as np\n\n\ndef score(answers, samples):\n    return np.arange(len(answers)) % 2.0\n"
"""A reward that one of two answers to each question earns, whatever it says, so that each step has a gradient."""


@pytest.mark.parametrize("name", PARTS)
def test_a_weight_belongs_to_a_part(name):
    assert part(name) == PARTS[name]


def frames(row):
    from PIL import Image

    values = np.random.default_rng(len(row["sample_id"])).integers(0, 255, (2, 28, 28, 3), dtype=np.uint8)
    return (0.0, 5.0), [Image.fromarray(value) for value in values]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = {}

    def build(name):
        if name not in made:
            made[name] = tiny_families.build(name, tmp_path_factory.mktemp(name))
        return made[name]

    return build


@pytest.mark.slow
@pytest.mark.parametrize("lora", [0, 4])
@pytest.mark.parametrize("name", FAMILIES)
def test_each_family_is_trained_by_sft_and_by_grpo_or_refused_by_name(name, lora, folder, tmp_path, monkeypatch):
    from vtgdata.train import model as models

    (tmp_path / "turns_of").mkdir()
    (tmp_path / "turns_of/two.py").write_text(TURNS)
    monkeypatch.syspath_prepend(tmp_path)
    common = {
        "release": "", "model": str(folder(name)), "videos": "", "steps": 3, "lora": lora, "learning_rate": 1e-3,
        "warmup": 0,
    }  # fmt: skip
    out = str(tmp_path / "sft")
    made = sft.fit(sft.Settings(**common, out=out, batch_size=2), ROWS, {PROMPT.id: PROMPT}, frames)
    parts = set(made.effective["trained"])
    assert parts == ({"language"} if lora else {"vision", "projector", "language"})

    def changed(out):
        before, after = (dict(models.load(path).model.named_parameters()) for path in (str(folder(name)), out))
        return {part(key) for key, weight in before.items() if not weight.equal(after[key])}

    assert changed(out) == parts
    settings = rl.Settings(
        **common, out=str(tmp_path / "rl"), prompts_per_step=2, rollouts=2, max_new_tokens=6,
        rewards={"turns_of.two": 1.0}, stall=0,
    )  # fmt: skip
    if name in families.NEEDS:
        with pytest.raises(VtgError, match=families.NEEDS[name][1]):
            rl.fit(settings, ROWS, {PROMPT.id: PROMPT}, frames)
        return
    assert rl.fit(settings, ROWS, {PROMPT.id: PROMPT}, frames).steps == 3
    assert changed(settings.out) == parts


@pytest.fixture
def handed_on(monkeypatch):
    """What TRL 1.16 hands on, without the time that its import takes; the slow test above asks TRL itself."""
    monkeypatch.setattr(families, "_handed_on", lambda: {"pixel_values", "image_grid_thw", "num_images"})


@pytest.mark.parametrize("name", families.NEEDS)
def test_a_family_that_grpo_cannot_train_is_refused_before_its_weights_are_read(name, tmp_path, handed_on, monkeypatch):
    monkeypatch.setattr(sizes, "_counted", lambda *_: None)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": name}))
    with pytest.raises(VtgError, match=f"{families.NEEDS[name][1]}.*{families.NEEDS[name][0]}"):
        families.check_rl(str(tmp_path))
    settings = rl.Settings(release="none", model=str(tmp_path), videos="", out="", dry_run=True)
    assert any(families.NEEDS[name][1] in words for words in rl.run(settings).missing)


def test_a_processor_of_an_unknown_family_whose_outputs_trl_drops_is_refused(handed_on):
    families.check_processor("m", ["input_ids", "attention_mask", "pixel_values", "image_grid_thw", "num_images"])
    with pytest.raises(VtgError, match="does not hand image_depths to the model"):
        families.check_processor("m", ["input_ids", "pixel_values", "image_depths"])
