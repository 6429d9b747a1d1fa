"""A model's sizes follow from its config.json: they are those of the model that transformers builds from it."""

import copy
import json

import pytest

from support.tiny_families import FAMILIES
from vtgdata.errors import VtgError
from vtgdata.train import published, sizes

ON_THE_HUB = {
    "Qwen2-VL-2B": 2_208_985_600, "Qwen2-VL-7B": 8_291_375_616, "Qwen2.5-VL-3B": 3_754_622_976,
    "Qwen2.5-VL-7B": 8_292_166_656, "Qwen3-VL-2B": 2_127_532_032, "Qwen3-VL-4B": 4_437_815_808,
    "Qwen3-VL-8B": 8_767_123_696,
}  # fmt: skip
"""Numbers of weights that the models' pages on the Hub state."""


@pytest.mark.parametrize("name", ON_THE_HUB)
def test_the_weights_of_a_published_model_are_as_many_as_its_page_says(name):
    found = sizes.of_config(published.MODELS[name])
    assert found is not None and found.parameters == ON_THE_HUB[name]


def built(config):
    pytest.importorskip("trl", reason="needs vtgdata[train]")
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText

    with torch.device("meta"):
        return AutoModelForImageTextToText.from_config(AutoConfig.for_model(**copy.deepcopy(config)))


def sums(config):
    found = {"vision": 0, "projector": 0, "language": 0}
    for name, weight in built(config).named_parameters():
        found[sizes.part(name)] += weight.numel()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", published.MODELS)
def test_each_part_has_as_many_weights_as_the_model_that_is_built(name):
    found = sizes.of_config(published.MODELS[name])
    assert found is not None
    assert {part: getattr(found, part) for part in ("vision", "projector", "language")} == sums(published.MODELS[name])
    counted = sizes._counted(published.MODELS[name], name)
    for field in ("adapter", "embedding", "head", "layers", "hidden", "kv_heads", "head_dim", "layer"):
        assert getattr(counted, field) == getattr(found, field), field


def test_the_head_counts_once_where_it_is_the_embedding():
    small, large = (sizes.of_config(published.MODELS[name]) for name in ("Qwen3-VL-2B", "Qwen3-VL-8B"))
    assert small is not None and large is not None
    assert (small.head, large.head) == (0, 151_936 * 4096)


def test_published_files_with_the_language_model_at_the_top_are_read_too():
    whole = published.MODELS["Qwen2.5-VL-7B"]
    flat = {key: value for key, value in whole.items() if key != "text_config"} | whole["text_config"]
    assert sizes.of_config(flat) == sizes.of_config(whole)


def test_a_folder_an_adapter_and_a_name_are_the_same_model(tmp_path):
    folder, adapter = tmp_path / "model", tmp_path / "adapter"
    folder.mkdir()
    adapter.mkdir()
    (folder / "config.json").write_text(json.dumps(published.MODELS["Qwen3-VL-8B"]))
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(folder)}))
    wanted = sizes.of_config(published.MODELS["Qwen3-VL-8B"])
    for name in (str(folder), str(adapter), "Qwen/Qwen3-VL-8B-Instruct", "Qwen/Qwen3-VL-8B-Thinking"):
        assert sizes.of_model(name) == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "cannot be read"),
        ("[]", "no JSON object"),
        pytest.param('{"model_type": "nothing"}', "no model of pictures and text", marks=pytest.mark.slow),
    ],
)
def test_a_config_that_gives_no_model_is_said(tmp_path, text, words):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(VtgError, match=words):
        sizes.of_model(str(tmp_path))


def test_a_model_that_is_not_here_is_named_with_what_fetches_it(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(VtgError, match=r"org/none: its config.json is not here; `huggingface-cli download org/none"):
        sizes.of_model("org/none")


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_without_sums_of_its_own_is_counted_from_its_config_alone(name, tmp_path):
    from support import tiny_families

    folder = tiny_families.build(name, tmp_path)
    model, _ = tiny_families.FAMILIES[name]()
    found = {"vision": 0, "projector": 0, "language": 0}
    for path, weight in model.named_parameters():
        found[sizes.part(path)] += weight.numel()
    for file in folder.glob("*.safetensors"):
        file.unlink()
    told = sizes.of_model(str(folder))
    assert {part: getattr(told, part) for part in found} == found
