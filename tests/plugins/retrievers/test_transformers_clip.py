"""transformers_clip: its vectors are those of the library's own call, and a folder that is not in order is refused."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from support import tiny_transformers_clip
from support.coloured import COLOURS
from vtgdata.engine.retrieval import open_retriever
from vtgdata.errors import VtgError

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_transformers_clip.build(tmp_path_factory.mktemp("clip") / "tiny")


def test_cosines_are_those_of_the_library(model):
    """`CLIPModel` itself gives cosines, times the scale that it learnt."""
    import torch
    from transformers import CLIPModel, CLIPProcessor

    jpegs = [tiny_transformers_clip.picture(colour) for colour in COLOURS.values()]
    texts = [f"the {name} moment" for name in COLOURS]
    theirs, processor = CLIPModel.from_pretrained(model).eval(), CLIPProcessor.from_pretrained(model)
    pictures = [Image.open(io.BytesIO(jpeg)) for jpeg in jpegs]
    with torch.inference_mode():
        said = theirs(**processor(text=texts, images=pictures, return_tensors="pt", padding=True))
        expected = (said.logits_per_image / theirs.logit_scale.exp()).numpy()
    ours = open_retriever(f"transformers_clip:{model}")
    cosines = ours.images(jpegs) @ ours.texts(texts).T
    assert cosines == pytest.approx(expected, abs=1e-5)
    assert np.ptp(cosines) > 1e-3


def test_pictures_go_in_batches(model):
    jpegs = [tiny_transformers_clip.picture(colour) for colour in COLOURS.values()]
    one, two = (open_retriever(f"transformers_clip:model={model},batch={batch}") for batch in (1, 2))
    assert one.id == two.id and np.abs(one.images(jpegs) - two.images(jpegs)).max() < 1e-5
    with pytest.raises(VtgError, match="batch=0 must be 1 or more"):
        open_retriever(f"transformers_clip:model={model},batch=0")


def test_other_weights_are_another_model(model, tmp_path):
    other = tiny_transformers_clip.build(tmp_path / "other", seed=4)
    assert open_retriever(f"transformers_clip:{model}").id != open_retriever(f"transformers_clip:{other}").id


def test_a_folder_runs_no_code_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    mark = tmp_path / "ran"
    (tmp_path / "modelling.py").write_text(f"open({str(mark)!r}, 'w').close()\nclass Own: ...\n")
    classes = {"AutoConfig": "modelling.Own", "AutoModel": "modelling.Own", "AutoProcessor": "modelling.Own"}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "own", "auto_map": classes}))
    with pytest.raises(VtgError, match=r"transformers_clip:.*no model can be loaded"):
        open_retriever(f"transformers_clip:{tmp_path}")
    for stated in ({"_attn_implementation": "org/kernel"}, {"text_config": {"_attn_implementation": "org/kernel"}}):
        (tmp_path / "config.json").write_text(json.dumps({"model_type": "clip"} | stated))
        with pytest.raises(VtgError, match="org/kernel"):
            open_retriever(f"transformers_clip:{tmp_path}")
    assert not mark.exists()


def test_a_model_without_one_space_or_without_all_its_weights_is_refused(model, tmp_path):
    from safetensors.torch import load_file, save_file
    from transformers import CLIPVisionConfig, CLIPVisionModel

    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    CLIPVisionModel(CLIPVisionConfig(**small, image_size=28, patch_size=14)).save_pretrained(tmp_path / "eyes")
    with pytest.raises(VtgError, match="no one space for pictures and texts"):
        open_retriever(f"transformers_clip:{tmp_path / 'eyes'}")
    torn = tiny_transformers_clip.build(tmp_path / "torn")
    kept = {name: value for name, value in load_file(torn / "model.safetensors").items() if "projection" not in name}
    save_file(kept, torn / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(VtgError, match="lacks 2 of its weights, as text_projection"):
        open_retriever(f"transformers_clip:{torn}")
    with pytest.raises(VtgError, match="name a folder or a Hub id"):
        open_retriever("transformers_clip")
