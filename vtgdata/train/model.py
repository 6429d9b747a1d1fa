"""A model to train: opened as the models that are asked are, its parts, and how it is saved."""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from vtgdata.errors import VtgError
from vtgdata.files import outside, plugins
from vtgdata.files.whole import write_json
from vtgdata.train import arguments
from vtgdata.train.data import PlainWords
from vtgdata.train.parts import PROJECTOR, VISION, part
from vtgdata.train.settings import LARGE, TrainSettings


class Opened(NamedTuple):
    """A model to train."""

    # Any: the library's own annotations do not describe these classes.
    model: Any
    processor: Any
    opening: str
    """What the chat template writes of the reasoning: `<think>` and blanks, or nothing."""
    plain: PlainWords
    """Makes plain text of the model's control tokens in the words of a sample."""
    came: Any
    """Type of the weights in the model's folder, a torch.dtype."""
    parameters: int


def prepare(seed: int, threads: int) -> None:
    """Seed the random generators and set the threads; the same seed then gives the same numbers on one machine.

    Call it before anything is built. Raises VtgError when the training libraries are not installed.
    """
    try:
        import torch
        import transformers
        import trl  # noqa: F401
    except ImportError as error:
        raise VtgError(f"Training needs {error.name}: pip install 'vtgdata[train]'") from error
    if threads:
        torch.set_num_threads(threads)
    transformers.set_seed(seed)
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers|trl|accelerate|peft")
    # Rows are built when they are read, by a function that no cache needs to know.
    logging.getLogger("datasets.fingerprint").setLevel(logging.ERROR)
    # Progress bars of loading and saving would fill a log.
    transformers.utils.logging.disable_progress_bar()


def load(path: str, settings: TrainSettings | None = None) -> Opened:
    """A model with its processor and the facts of its chat template, from a folder or the Hub.

    Opened as the models that are asked are, so that both see the same prompts. An adapter's folder gives the whole
    model, the adapter merged into it. Without settings the weights are float32.

    Raises VtgError when its family, its processor, its chat template or its weights are not in order, or a setting
    cannot be had here.
    """
    import torch

    local = _local()
    more = loading(settings) if settings else {}
    dtype = weights_type(settings) if settings else torch.float32
    found = local.load(path, False, dtype=dtype, name="", more=more)
    if settings and settings.lora and settings.lora_save == "adapter" and getattr(found.model, "peft_config", None):
        raise VtgError(
            f"--lora-save adapter: {path} is an adapter itself, and nothing opens an adapter of an adapter; take "
            "--lora-save merged."
        )
    model = _merged(found.model, path, dtype, more)
    came = found.came if isinstance(found.came, torch.dtype) else torch.float32
    count = sum(weight.numel() for weight in model.parameters())
    return Opened(model, found.processor, found.opening, local.PlainText(found.processor), came, count)


def loading(settings: TrainSettings) -> dict[str, Any]:
    """Arguments of `from_pretrained` that the settings ask for; raises VtgError when one cannot be had here."""
    import torch

    more = arguments.of_loading(settings.load)
    if settings.attention:
        more["attn_implementation"] = settings.attention
    if settings.quantize:
        if not settings.lora:
            raise VtgError(f"--quantize {settings.quantize}: weights of four bits cannot be trained; give --lora RANK.")
        if not torch.cuda.is_available():
            raise VtgError(f"--quantize {settings.quantize}: QLoRA needs a GPU, and there is none here. Leave it out.")
        from transformers import BitsAndBytesConfig

        more["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
        )
    return more


def weights_type(settings: TrainSettings) -> Any:
    """Type of the weights that are trained, a torch.dtype."""
    import torch

    if settings.dtype != "auto":
        return getattr(torch, settings.dtype)
    return torch.bfloat16 if settings.lora and torch.cuda.is_available() else torch.float32


def _merged(model: Any, path: str, dtype: Any, more: dict[str, Any]) -> Any:
    """A model with its adapter merged into it, if it has one: an adapter alone has no gradient to train on.

    Args:
        model: as it was opened: transformers lays an adapter into the model that it is for.
        path: where it was opened from.
        dtype: of the weights.
        more: further arguments with which transformers loads them.
    """
    if not getattr(model, "peft_config", None):
        return model
    from peft import PeftModel

    base = next(iter(model.peft_config.values())).base_model_name_or_path
    whole = _local().load(base, False, dtype=dtype, name="", more=more).model
    return PeftModel.from_pretrained(whole, path).merge_and_unload().requires_grad_(True)


def freeze(model: Any, parts: Sequence[str]) -> None:
    """Take parts of a model out of training; raises VtgError when it has no such part, or nothing is left."""
    if not parts:
        return
    counts = Counter(part(name) for name, _ in model.named_parameters())
    for named in parts:
        if not counts[named]:
            raise VtgError(f"--freeze {named}: the model has no such part; it has {', '.join(sorted(counts))}.")
    if set(counts) <= set(parts):
        raise VtgError(f"--freeze {' '.join(parts)}: nothing is left to train.")
    for name, weight in model.named_parameters():
        if part(name) in parts:
            weight.requires_grad_(False)


def adapter(settings: TrainSettings, model: Any) -> Any:
    """Peft's LoraConfig for a model; None if all weights are trained.

    By default the adapters lie on the linear layers of the language model, whatever the family calls them.
    """
    if not settings.lora:
        if settings.peft:
            raise VtgError(f"--peft {next(iter(settings.peft))}: there is no adapter; give --lora RANK.")
        return None
    if settings.freeze:
        raise VtgError(f"--freeze {' '.join(settings.freeze)}: LoRA trains its adapters alone; leave --freeze out.")
    try:
        from peft import LoraConfig
    except ImportError as error:
        raise VtgError("--lora needs peft: pip install 'vtgdata[train]'") from error
    import torch

    leaves = sorted(
        {
            name.rpartition(".")[2]
            for name, module in model.named_modules()
            if isinstance(module, torch.nn.Linear) and part(name) == "language" and not name.endswith("lm_head")
        }
    )
    ours: dict[str, Any] = {
        "r": settings.lora,
        "lora_alpha": 2 * settings.lora,
        "target_modules": rf"(?!.*(?:{VISION}|{PROJECTOR})).*\.(?:{'|'.join(map(re.escape, leaves))})",
        "task_type": "CAUSAL_LM",
    }
    return LoraConfig(**ours | arguments.of_dataclass(LoraConfig, settings.peft, "peft"))


def end_tokens(model: Any, processor: Any) -> set[int]:
    """Ids of the tokens with which a whole completion ends, as TRL counts them: end of text and padding."""
    tokenizer = getattr(processor, "tokenizer", processor)
    ends = model.generation_config.eos_token_id
    several = ends if isinstance(ends, list) else [ends]
    return {int(end) for end in (*several, tokenizer.eos_token_id, tokenizer.pad_token_id) if end is not None}


def take_defaults(model: Any) -> Any:
    """The model's generation_config, in whose place it gets one with the special tokens alone.

    transformers fills what a trainer leaves open from it: a folder's no_repeat_ngram_size would act in training, and
    not where its pass rates were measured. Put the old one back before the model is saved.
    """
    from transformers import GenerationConfig

    stated = model.generation_config
    tokens = ("eos_token_id", "pad_token_id", "bos_token_id")
    model.generation_config = GenerationConfig(**{name: getattr(stated, name) for name in tokens})
    return stated


def rate(settings: TrainSettings, parameters: int, small: float, large: float) -> float:
    """The learning rate: as given, else by the model's size and by whether adapters are trained."""
    if settings.learning_rate:
        return settings.learning_rate
    if parameters < LARGE:
        return small
    return large * (10 if settings.lora else 1)


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
        with _local().PlainText.as_it_came(opened.processor):
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

    found = _local().load(settings.model, False, dtype=kind, name="")
    merged = PeftModel(_merged(found.model, settings.model, kind, {}), model.peft_config["default"])
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


def _local() -> Any:
    """The plug-in of models in this process, which knows how a folder is opened and prompted."""
    return plugins.load("models", "transformers_local")
