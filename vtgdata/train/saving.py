"""Writing a trained model: whole, in the type that it came in, or its adapter alone; also where processes share it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vtgdata.files import outside
from vtgdata.files.whole import write_json
from vtgdata.train.model import Opened, local_models, merged_in
from vtgdata.train.settings import TrainSettings


def save(trainer: Any, opened: Opened, settings: TrainSettings, out: Path, stated: Any) -> None:
    """Write the model, whole, its processor and its generation_config; all processes must call it.

    Args:
        trainer: holds the model, be it spread over processes.
        opened: what was trained.
        settings: say in which type, and whether an adapter stays one.
        out: folder to write to; only the writing process writes.
        stated: the model's generation_config. It is saved with sampling on: servers read their defaults from it.
    """
    import torch

    kind = opened.came if settings.save_dtype == "auto" else getattr(torch, settings.save_dtype)
    # Only DeepSpeed's engine knows where its weights are; otherwise the model does.
    held = trainer.model_wrapped if trainer.is_deepspeed_enabled else trainer.model
    weights = _cast(trainer.accelerator.get_state_dict(held), kind)
    if trainer.accelerator.is_main_process:
        model = trainer.accelerator.unwrap_model(trainer.model)
        out.mkdir(parents=True, exist_ok=True)
        if settings.lora:
            _save_adapted(model, weights, settings, out, kind, stated, _is_spread(trainer))
        else:
            _save_whole(model, weights, out, kind, stated)
        with local_models().PlainText.as_it_came(opened.processor):
            opened.processor.save_pretrained(out)
    trainer.accelerator.wait_for_everyone()


def _save_whole(model: Any, weights: dict[str, Any] | None, out: Path, kind: Any, stated: Any) -> None:
    stated.do_sample = True
    model.generation_config = stated
    model.save_pretrained(out, state_dict=weights)
    _say_type(out / "config.json", kind)


def _save_adapted(
    model: Any, weights: dict[str, Any], settings: TrainSettings, out: Path, kind: Any, stated: Any, spread: bool
) -> None:
    if settings.lora_save == "adapter":
        model.peft_config["default"].base_model_name_or_path = settings.model
        model.save_pretrained(out, state_dict=weights)
        return
    if not (settings.quantize or spread):
        whole = model.merge_and_unload()
        _save_whole(whole.to(kind), None, out, kind, stated)
        return
    from peft import PeftModel

    found = local_models().load(settings.model, False, dtype=kind, name="")
    merged = PeftModel(merged_in(found.model, settings.model, kind, {}), model.peft_config["default"])
    merged.load_state_dict({name: weight for name, weight in weights.items() if "lora_" in name}, strict=False)
    _save_whole(merged.merge_and_unload(), None, out, kind, stated)


def _is_spread(trainer: Any) -> bool:
    """Whether each process holds only a part of the weights (FSDP, ZeRO-3)."""
    return bool(trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled)


def _cast(weights: dict[str, Any] | None, kind: Any) -> dict[str, Any]:
    """Weights in another floating type; those that share memory (tied embeddings) share it still."""
    shared: dict[tuple[int, Any], Any] = {}

    def cast(weight: Any) -> Any:
        if not weight.is_floating_point():
            return weight
        key = (weight.data_ptr(), weight.shape)
        return shared.setdefault(key, weight.detach().to("cpu", kind))

    return {name: cast(weight) for name, weight in (weights or {}).items()}


def _say_type(config: Path, kind: Any) -> None:
    """Write the type of the saved weights into config.json: whoever loads with dtype="auto" goes by it."""
    stated = json.loads(outside.read_text(config))
    name = str(kind).removeprefix("torch.")
    for key in ("dtype", "torch_dtype"):
        if key in stated:
            stated[key] = name
    write_json(config, stated | {"dtype": name})
