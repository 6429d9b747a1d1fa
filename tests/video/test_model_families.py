"""By which patches a preset counts: the model's folder tells it, else its name, else the user."""

import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.errors import VtgError
from vtgdata.stages import coldstart, difficulty, evaluate, propose
from vtgdata.stages.videos import warm
from vtgdata.video import sampling
from vtgdata.video.model_families import family_of, mismatch, preset_of, told_family, without_model
from vtgdata.video.presets import BY_FAMILY, FAMILIES, PRESETS

NAMED = {
    "Qwen/Qwen3-VL-8B-Instruct": "qwen3_vl",
    "qwen3_vl_30b_a3b": "qwen3_vl",
    "Qwen3.5-9B": "qwen3_vl",
    "qwen3_5_9b": "qwen3_vl",
    "TencentARC/TimeLens-8B": "qwen3_vl",
    "MCG-NJU/TimeLens2-4B": "qwen3_vl",
    "Qwen/Qwen2.5-VL-7B-Instruct": "qwen2_5_vl",
    "qwen2-vl-2b": "qwen2_5_vl",
    "TencentARC/TimeLens-7B": "qwen2_5_vl",
    "Boshenxx/Time-R1-7B": "qwen2_5_vl",
    "qwen25vl": "qwen2_5_vl",
    "Qwen/Qwen3-8B": None,
    "qwen3-5b": None,
    "gpt-5": None,
    "sft": None,
}


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("plug_in", ["openai_api", "transformers_local"])
def test_a_name_tells_the_family(name, plug_in):
    assert family_of(f"{plug_in}:{name}") == NAMED[name]


def folder(path: Path, side: int, **more: Any) -> Path:
    path.mkdir(parents=True)
    vision = {"patch_size": side // 2, "spatial_merge_size": 2, "temporal_patch_size": 2} | more
    (path / "config.json").write_text(json.dumps({"model_type": "mine", "vision_config": vision}))
    return path


def test_a_folder_tells_the_family_by_its_patches_whatever_its_name(tmp_path):
    for family, side in FAMILIES.items():
        other = folder(tmp_path / f"qwen2.5-vl-{side}", side)
        assert family_of(f"transformers_local:{other}") == family
        assert family_of(f"transformers_local:path={other},trust_remote_code=true") == family
        adapter = tmp_path / f"adapter-{side}"
        adapter.mkdir()
        (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(other)}))
        assert family_of(f"transformers_local:{adapter}") == family
    assert family_of(f"transformers_local:{folder(tmp_path / 'qwen3-vl-odd', 24)}") is None
    assert family_of(f"transformers_local:{folder(tmp_path / 'single', 28, temporal_patch_size=1)}") is None
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn/config.json").write_text("{")
    assert family_of(f"transformers_local:{tmp_path / 'torn'}") is None


COMMANDS = {
    "evaluate": lambda model, preset: evaluate.Settings(samples="s", model=[model], preset=preset),
    "propose": lambda model, preset: propose.Settings(samples="s", model=model, preset=preset),
    "score-difficulty": lambda model, preset: difficulty.Settings(samples="s", out="o", model=model, preset=preset),
    "build-coldstart": lambda model, preset: coldstart.Settings(samples="s", out="o", model=model, preset=preset),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("preset", BY_FAMILY)
def test_every_command_that_asks_shows_a_model_the_frames_of_its_family(command, preset):
    for model, family in (("qwen3-vl-8b", "qwen3_vl"), ("qwen2.5-vl-7b", "qwen2_5_vl")):
        taken = COMMANDS[command](f"openai_api:{model}", preset).frame_sampling()
        assert taken == PRESETS[f"{preset}_{family}"] and taken.tokens.patch == FAMILIES[family]
        assert COMMANDS[command](f"openai_api:{model}", "tvg_r1").frame_sampling() == sampling.preset("tvg_r1")
    with pytest.raises(VtgError, match=f"{preset}_qwen2_5_vl .28 pixels. or --preset {preset}_qwen3_vl .32 pixels."):
        COMMANDS[command]("openai_api:sft", preset).frame_sampling()
    for name in (f"{preset}_{family}" for family in FAMILIES):
        assert COMMANDS[command]("openai_api:sft", name).frame_sampling() == PRESETS[name]


def test_without_a_model_that_looks_a_preset_is_that_of_the_first_family():
    assert warm.Settings(samples="s", videos="v", out="o", preset="timelens").frame_sampling() == PRESETS["timelens"]
    assert "timelens_qwen2_5_vl" in str(without_model("timelens")) and without_model("timelens_qwen3_vl") is None
    assert preset_of("timelens", ["scripted:s.parquet"]) == "timelens_qwen2_5_vl"


def test_two_families_in_one_command_are_refused():
    with pytest.raises(VtgError, match="of two, qwen2_5_vl and qwen3_vl"):
        preset_of("timelens", ["openai_api:qwen3-vl-8b", "openai_api:qwen2.5-vl-7b"])
    assert preset_of("tvg_r1", ["openai_api:qwen3-vl-8b", "openai_api:qwen2.5-vl-7b"]) == "tvg_r1"


@pytest.mark.parametrize("name", PRESETS)
def test_frames_in_patches_of_another_size_than_the_models_are_told(name):
    sizes = {family: mismatch(PRESETS[name], [f"openai_api:{family}"]) for family in FAMILIES}
    if name == "frames_64":
        assert set(sizes.values()) == {None}
    else:
        (wrong,) = [text for text in sizes.values() if text]
        assert "28" in wrong and "32" in wrong
    assert mismatch(PRESETS[name], ["scripted:qwen3-vl", "openai_api:m"]) is None


def test_what_tells_times_goes_by_what_the_folder_states_and_not_by_its_patches(tmp_path):
    for kind in ("qwen2_vl", "qwen3_vl", "internvl"):
        folder = tmp_path / kind
        folder.mkdir()
        vision = {"patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2}
        (folder / "config.json").write_text(json.dumps({"model_type": kind, "vision_config": vision}))
        (tmp_path / f"{kind}-adapter").mkdir()
        (tmp_path / f"{kind}-adapter/adapter_config.json").write_text(
            json.dumps({"base_model_name_or_path": str(folder)})
        )
        assert told_family(str(folder)) == told_family(str(tmp_path / f"{kind}-adapter")) == kind
    (tmp_path / "empty").mkdir()
    assert told_family(str(tmp_path / "empty")) == told_family("mine") == ""
    assert told_family("OpenGVLab/InternVL3-8B") == "internvl"
    assert told_family("lmms-lab/llava-onevision-qwen2-7b-ov") == "llava_onevision"
