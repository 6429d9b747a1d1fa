"""Common parts of both trainers: loading and saving a model, settings of the machine, the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.whole import write_jsonl
from vtgdata.train.data import PlainWords


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
    # Progress bars of loading and saving would fill a log.
    transformers.utils.logging.disable_progress_bar()


def quiet(trainer: Any) -> None:
    """Keep the trainer from printing every log line: they go to a file."""
    from transformers.trainer_callback import PrinterCallback

    trainer.remove_callback(PrinterCallback)


def load(path: str) -> Opened:
    """A model (float32), its processor and the facts of its chat template, from a folder or the Hub.

    Opened as the models that are asked are, so that both see the same prompts. Raises VtgError when its family, its
    processor, its chat template or its weights are not in order.
    """
    import torch

    local = _local()
    found = local.load(path, False, dtype=torch.float32, name="")
    return Opened(found.model, found.processor, found.opening, local.PlainText(found.processor))


class Opened(NamedTuple):
    """A model to train."""

    model: Any
    processor: Any
    opening: str
    """What the chat template writes of the reasoning: `<think>` and blanks, or nothing."""
    plain: PlainWords
    """Makes plain text of the model's control tokens in the words of a sample."""


def _local() -> Any:
    """The plug-in of models in this process, which knows how a folder is opened and prompted."""
    return plugins.load("models", "transformers_local")


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


def machine(device_batch: int, step_batch: int) -> dict[str, Any]:
    """Trainer arguments that depend on the machine; they split the batch of one step into pieces that fit it.

    Args:
        device_batch: sequences on one device at a time; 0 for all of them.
        step_batch: sequences of one step.

    Raises VtgError when the pieces do not divide the batch.
    """
    import torch

    cuda = torch.cuda.is_available()
    piece = device_batch or step_batch
    if step_batch % piece:
        raise VtgError(f"device_batch {device_batch} does not divide the {step_batch} sequences of a step.")
    return {
        "per_device_train_batch_size": piece,
        "gradient_accumulation_steps": step_batch // piece,
        "use_cpu": not cuda,
        "bf16": cuda,
        "gradient_checkpointing": cuda,
        "dataloader_pin_memory": cuda,
        "remove_unused_columns": False,
        "report_to": [],
        "save_strategy": "no",
        "logging_steps": 1,
        "disable_tqdm": True,
        "max_grad_norm": 1.0,
    }


def save(model: Any, processor: Any, out: Path) -> None:
    """Write model, processor and a generation_config that samples: servers read their defaults from it."""
    model.generation_config.do_sample = True
    model.save_pretrained(out)
    with _local().PlainText.as_it_came(processor):
        processor.save_pretrained(out)


def write_log(path: Path, history: Iterable[Mapping[str, Any]], keep: Mapping[str, str]) -> list[dict[str, Any]]:
    """Write one line a step and return the lines.

    Args:
        path: the JSONL file.
        history: the trainer's own log.
        keep: {trainer's name: our name}; an entry with none of these names is left out.
    """
    lines = [
        {"step": entry["step"], **{ours: entry[theirs] for theirs, ours in keep.items() if theirs in entry}}
        for entry in history
        if any(theirs in entry for theirs in keep)
    ]
    write_jsonl(path, lines)
    return lines
