"""What is wrong with a model's folder is said when it is opened, by name, to be asked and to be trained."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from support.builders import draw_video, make_sample
from support.tiny_families import build
from vtgdata.errors import VtgError
from vtgdata.files import own_code, plugins
from vtgdata.files.samples import write_samples
from vtgdata.records import Endpoint

pytest.importorskip("trl", reason="needs vtgdata[train]")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return build("qwen2_5_vl", tmp_path_factory.mktemp("whole") / "model")


def ask(folder):
    return plugins.load("models", "transformers_local").connect(str(folder), Endpoint(concurrency=2))


def train(folder):
    from vtgdata.train import model

    return model.load(str(folder))


OPENERS = pytest.mark.parametrize("opened", [ask, train])


def rewritten(whole, folder, change):
    """A copy of the folder with other weights."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(whole, folder)
    save_file(change(load_file(whole / "model.safetensors")), folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def without_a_layer(weights):
    return {name: tensor for name, tensor in weights.items() if not name.startswith("model.layers.1.")}


def with_a_stranger(weights):
    import torch

    return weights | {"model.layers.7.mlp.up_proj.weight": torch.zeros(2, 2)}


def with_a_number_that_is_none(weights):
    weights["model.layers.0.mlp.up_proj.weight"][3, 2] = float("nan")
    return weights


def with_an_infinite_one(weights):
    weights["model.norm.weight"][0] = float("-inf")
    return weights


def with_another_shape(weights):
    import torch

    return weights | {"model.norm.weight": torch.zeros(3)}


WEIGHTS = {
    without_a_layer: r"lacks 12 of its weights \(model\.language_model\.layers\.1\.",
    with_a_stranger: r"has 1 weights that Qwen2_5_VLForConditionalGeneration does not know \(.*layers\.7\.mlp\.up_proj",
    with_a_number_that_is_none: r"not finite, NaN or infinity \(.*layers\.0\.mlp\.up_proj\.weight\)",
    with_an_infinite_one: r"not finite, NaN or infinity \(.*norm\.weight\)",
    with_another_shape: r"another shape than its config\.json says \(.*norm\.weight\)",
}


@OPENERS
@pytest.mark.parametrize("change", WEIGHTS)
def test_weights_that_are_missing_left_over_or_no_numbers_are_refused_by_name(whole, tmp_path, change, opened):
    with pytest.raises(VtgError, match=WEIGHTS[change]):
        opened(rewritten(whole, tmp_path / "part", change))


@OPENERS
def test_tied_weights_are_no_fault(tmp_path, opened):
    from safetensors.torch import load_file

    folder = build("qwen3_vl", tmp_path / "tied")
    assert "lm_head.weight" not in load_file(folder / "model.safetensors")
    opened(folder)


PLAIN = "{% for m in messages %}{{ m['role'] + ': ' + m['content'] }}{% endfor %}"
SPELT = "{% for m in messages %}{{ m['role'] ~ ': ' ~ m['content'] }}{% endfor %}"
BLIND = "{% for m in messages %}{% for p in m['content'] %}{{ p['text'] }}{% endfor %}{% endfor %}"
BROKEN = "{{ raise_exception('no user turns') }}"


@OPENERS
@pytest.mark.parametrize(
    ("template", "said"),
    [
        (None, "has no chat template: take the instruct model, or copy chat_template.jinja from the base model"),
        (PLAIN, "has a chat template for plain strings only"),
        (SPELT, "has a chat template for plain strings only"),
        (BLIND, "has a chat template without a place for pictures"),
        (BROKEN, "has a chat template that cannot be filled in .no user turns"),
    ],
)
def test_a_folder_that_is_no_chat_model_is_said_to_be_none(whole, tmp_path, template, said, opened):
    shutil.copytree(whole, tmp_path / "base")
    file = tmp_path / "base/chat_template.jinja"
    file.unlink() if template is None else file.write_text(template)
    with pytest.raises(VtgError, match=said):
        opened(tmp_path / "base")


def test_a_template_that_only_the_tokenizer_has_is_taken(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "old")
    config = json.loads((whole / "tokenizer_config.json").read_text())
    template = (tmp_path / "old/chat_template.jinja").read_text()
    (tmp_path / "old/chat_template.jinja").unlink()
    (tmp_path / "old/tokenizer_config.json").write_text(json.dumps(config | {"chat_template": template}))
    assert ask(tmp_path / "old").processor.chat_template == template


@OPENERS
@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model_type": "qwen2"}, "is of the family 'qwen2', which transformers does not open as a model for pictures"),
        ({"model_type": "vivit"}, "is of the family 'vivit'"),
        ({"model_type": "whisper"}, "is of the family 'whisper'"),
        ({"model_type": "seen_nowhere"}, "This version of transformers does not know its family"),
    ],
)
def test_a_family_that_cannot_is_refused_by_name_before_anything_is_loaded(whole, tmp_path, config, said, opened):
    shutil.copytree(whole, tmp_path / "other", ignore=shutil.ignore_patterns("*.safetensors"))
    (tmp_path / "other/config.json").write_text(json.dumps(config))
    with pytest.raises(VtgError, match=said):
        opened(tmp_path / "other")


@OPENERS
def test_a_processor_that_sees_no_pictures_is_refused_before_the_weights_are_loaded(tmp_path, opened):
    """A folder of a video model alone, or one into which only the tokenizer was copied."""
    from transformers import AutoProcessor

    folder = build("qwen2_5_vl", tmp_path / "model")
    (folder / "model.safetensors").unlink()
    AutoProcessor.from_pretrained(folder).tokenizer.save_pretrained(tmp_path / "tokens")
    for file in ("processor_config.json", "preprocessor_config.json"):
        (folder / file).unlink(missing_ok=True)
    with pytest.raises(VtgError, match=r"image.processor"):
        opened(folder)


def test_an_adapter_says_what_it_needs(tmp_path):
    from vtgdata.plugins.models._transformers import adapters

    assert adapters.base_of(str(tmp_path)) == ""
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "org/base"}')
    if adapters.has_peft():
        assert adapters.base_of(str(tmp_path)) == "org/base"
    else:
        with pytest.raises(VtgError, match=r"holds an adapter for org/base, which needs peft: pip install peft, or"):
            adapters.base_of(str(tmp_path))
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(VtgError, match="names no base_model_name_or_path"):
        adapters.base_of(str(tmp_path))


@pytest.mark.parametrize("whole", [False, True])
def test_an_adapter_that_names_a_module_to_import_is_refused_beside_a_whole_model_too(whole, tmp_path):
    """Peft imports it; transformers applies an adapter that lies beside a model."""
    from vtgdata.plugins.models._transformers import adapters

    stated = {"base_model_name_or_path": "org/base", "megatron_config": {"a": 1}, "megatron_core": "antigravity"}
    (tmp_path / "adapter_config.json").write_text(json.dumps(stated))
    if whole:
        (tmp_path / "config.json").write_text("{}")
    with pytest.raises(VtgError, match="names a module to import"):
        adapters.base_of(str(tmp_path))
    with pytest.raises(VtgError, match="names a module to import"):
        own_code.refuse_adapter(tmp_path / "adapter_config.json", fetched=False)


@pytest.mark.slow
def test_an_adapter_beside_a_model_of_the_hub_would_open_another_model_and_is_refused(tmp_path):
    """The cache is as a download leaves it; nothing is fetched."""
    commit, snapshots = "0" * 40, tmp_path / "hub/models--org--name"
    files = {"config.json": {"model_type": "llava"}, "adapter_config.json": {"base_model_name_or_path": "org/evil"}}
    for name, content in files.items():
        (snapshots / "snapshots" / commit / name).parent.mkdir(parents=True, exist_ok=True)
        (snapshots / "snapshots" / commit / name).write_text(json.dumps(content))
    (snapshots / "refs").mkdir()
    (snapshots / "refs/main").write_text(commit)
    code = (
        "import sys; from vtgdata.files import plugins; from vtgdata.records import Endpoint\n"
        "plugins.load(*sys.argv[1:3]).connect('org/name', *[Endpoint()] * (sys.argv[1] == 'models'))"
    )
    env = os.environ | {"HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    for kind, name in (("models", "transformers_local"), ("retrievers", "transformers_clip")):
        done = subprocess.run([sys.executable, "-c", code, kind, name], env=env, capture_output=True, text=True)
        assert "VtgError" in done.stderr and "'org/evil' would be opened in its place" in done.stderr, done.stderr


def test_an_adapter_that_lacks_weights_or_has_others_is_refused_by_name(tmp_path):
    import torch
    from safetensors.torch import save_file

    from vtgdata.plugins.models._transformers import adapters

    layer = torch.nn.Module()
    layer.weight = torch.nn.Parameter(torch.zeros(2, 2))
    for part in ("lora_A", "lora_B"):
        setattr(layer, part, torch.nn.ModuleDict({"default": torch.nn.Linear(2, 2, bias=False)}))
    model = torch.nn.Module()
    model.q_proj = layer
    own = {f"base_model.model.q_proj.{part}.weight": torch.zeros(2, 2) for part in ("lora_A", "lora_B")}

    def fault(stored):
        save_file(stored, tmp_path / "adapter_model.safetensors")
        return adapters.fault(model, str(tmp_path))

    assert adapters.fault(model, str(tmp_path)) == "lacks its weights (adapter_model.safetensors)"
    assert fault(own) == ""
    assert "lacks 1 of its weights (q_proj.lora_B.weight)" in fault(dict(list(own.items())[:1]))
    assert "does not know (v_proj.lora_A.weight)" in fault(
        own | {"base_model.model.v_proj.lora_A.weight": torch.zeros(2, 2)}
    )
    with torch.no_grad():
        model.q_proj.lora_A["default"].weight[0, 0] = float("nan")
    assert "not finite, NaN or infinity (q_proj.lora_A.default.weight)" in fault(own)


def test_a_folder_without_its_second_layer_ends_the_command_before_a_video_is_decoded(whole, tmp_path):
    draw_video(tmp_path / "videos/v1.mp4")
    write_samples(tmp_path / "samples.parquet", [make_sample(duration=4.0, windows=[(0.5, 2.0)])])
    folder = rewritten(whole, tmp_path / "part", without_a_layer)
    command = [
        *(sys.executable, "-m", "vtgdata", "score-difficulty", "--samples", str(tmp_path / "samples.parquet")),
        *("--videos", str(tmp_path / "videos"), "--frames", str(tmp_path / "frames"), "--num-frames", "2"),
        *("--model", f"transformers_local:{folder}", "--out", str(tmp_path / "out"), "--max-tokens", "4"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "lacks 12 of its weights (model.language_model.layers.1." in done.stderr
    assert not list((tmp_path / "frames").rglob("*.parquet"))
