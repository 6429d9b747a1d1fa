"""What is given as --model: a folder of an adapter works, one that is not in order stops with words."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from vtgdata.conversation.prompt import load_prompt
from vtgdata.errors import VtgError
from vtgdata.train import model as models
from vtgdata.train import rl, sft, videos

pytest.importorskip("trl", reason="needs vtgdata[train]")

PROMPT = load_prompt("shapes")
ROWS = [
    {
        "sample_id": f"s{number}", "corpus": "shapes", "split": "sft", "video_id": f"v{number}", "duration": 10.0,
        "query": "a blue cross", "windows": [[0.0, 5.0]], "prompt_id": PROMPT.id, "target": "<answer>0 to 5</answer>",
    }
    for number in range(4)
]  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    from vtgdata.demo import tiny

    out = tmp_path_factory.mktemp("base")
    tokenizer = tiny.build_tokenizer()
    tiny.build_model(tokenizer, seed=1).save_pretrained(out)
    tiny.build_processor(tokenizer).save_pretrained(out)
    return out


def frames(row):
    from PIL import Image

    values = np.random.default_rng(len(row["sample_id"])).integers(0, 255, (2, 28, 28, 3), dtype=np.uint8)
    return (0.0, 5.0), [Image.fromarray(value) for value in values]


def tune(model, out, **more):
    given = {"release": "", "videos": "", "steps": 1, "batch_size": 4, "warmup": 0, "learning_rate": 1e-2}
    settings = sft.Settings(**given | {"model": str(model), "out": str(out)} | more)
    return sft.fit(settings, ROWS, {PROMPT.id: PROMPT}, frames)


@pytest.mark.slow
def test_an_adapters_folder_is_trained_as_the_whole_model_it_makes(base, tmp_path):
    tune(base, tmp_path / "adapter", lora=4, lora_save="adapter", steps=2)
    assert not (tmp_path / "adapter/model.safetensors").exists()
    whole = models.load(str(tmp_path / "adapter"))
    start = {name: weight.clone() for name, weight in whole.model.named_parameters()}
    before = dict(models.load(str(base)).model.named_parameters())
    assert any(not weight.equal(before[name]) for name, weight in start.items())
    for name, more in {"sft": {}, "lora": {"lora": 4}}.items():
        tune(tmp_path / "adapter", tmp_path / name, learning_rate=1e-8, **more)
        after = dict(models.load(str(tmp_path / name)).model.named_parameters())
        assert after.keys() == start.keys()
        assert all(float((after[key] - start[key]).detach().abs().max()) < 1e-6 for key in start)
    settings = rl.Settings(
        release="", model=str(tmp_path / "adapter"), videos="", out=str(tmp_path / "rl"), steps=1, prompts_per_step=2,
        rollouts=2, max_new_tokens=4,
    )  # fmt: skip
    assert rl.fit(settings, ROWS, {PROMPT.id: PROMPT}, frames).steps == 1
    with pytest.raises(VtgError, match=r"adapter is an adapter itself.*--lora-save merged"):
        tune(tmp_path / "adapter", tmp_path / "second", lora=4, lora_save="adapter")


def test_a_folder_without_a_chat_template_stops_with_words(base, tmp_path):
    folder = Path(shutil.copytree(base, tmp_path / "bare"))
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(VtgError, match="chat template"):
        tune(folder, tmp_path / "out")


def test_a_missing_video_is_said_before_the_first_step_or_left_out_if_few_may_be():
    class Frames:
        def key(self, row):
            return row["video_id"]

        def status(self, key):
            return "missing" if key == "v2" else "ok"

    def look(share):
        settings = sft.Settings(release="", model="", videos="films", out="", max_failed=share)
        return videos.with_video(ROWS, Frames(), settings)  # type: ignore[arg-type]

    with pytest.raises(
        VtgError, match=r"films: 1 of 4 rows have no video to see \(1 missing\); the first is 'v2' of 's2'"
    ):
        look(0.2)
    rows, left_out = look(0.25)
    assert [row["sample_id"] for row in rows] == ["s0", "s1", "s3"] and left_out == {"missing": 1}
