"""A model to train: opened as the models that are asked are, its parts, and how it is saved."""

from __future__ import annotations

import logging
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from vtgdata.errors import VtgError
from vtgdata.files import plugins
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
    transformers.utils.logging.set_verbosity_error()


def load(path: str, settings: TrainSettings | None = None) -> Opened:
    """A model with its processor and the facts of its chat template, from a folder or the Hub.

    Opened as the models that are asked are, so that both see the same prompts. An adapter's folder gives the whole
    model, the adapter merged into it. Without settings the weights are float32.

    Raises VtgError when its family, its processor, its chat template or its weights are not in order, or a setting
    cannot be had here.
    """
    import torch

    local = local_models()
    more = loading(settings) if settings else {}
    dtype = weights_type(settings) if settings else torch.float32
    found = local.load(path, False, dtype=dtype, name="", more=more)
    if settings and settings.lora and settings.lora_save == "adapter" and getattr(found.model, "peft_config", None):
        raise VtgError(
            f"--lora-save adapter: {path} is an adapter itself, and nothing opens an adapter of an adapter; take "
            "--lora-save merged."
        )
    model = merged_in(found.model, path, dtype, more)
    came = found.came if isinstance(found.came, torch.dtype) else torch.float32
    count = sum(weight.numel() for weight in model.parameters())
    return Opened(model, found.processor, found.opening, local.PlainText(found.processor), came, count)


def context(opened: Opened) -> int | None:
    """The most tokens of prompt and answer together that a model takes; None where its config does not say."""
    return local_models().context(opened.model)


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


def merged_in(model: Any, path: str, dtype: Any, more: dict[str, Any]) -> Any:
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
    whole = local_models().load(base, False, dtype=dtype, name="", more=more).model
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


def local_models() -> Any:
    """The plug-in of models in this process, which knows how a folder is opened and prompted."""
    return plugins.load("models", "transformers_local")
