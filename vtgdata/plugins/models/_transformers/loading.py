"""A folder or Hub id as a model with its processor, and what identifies it.

Everything that can be wrong with a folder is said here, before a video is decoded: its family, its processor, its chat
template, its weights.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, outside, own_code
from vtgdata.plugins.models._transformers import adapters, inputs, templates, weights

_MODEL_FILES = {".safetensors", ".bin", ".json", ".jinja", ".model", ".txt"}
"""Suffixes of weights, configurations, tokenizers and chat templates, but not of logs or cards."""

_OTHERWISE = "earlier versions made other prompts for this family than its own library does"


def device() -> str:
    """`cuda` where there is a card, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


class Opened(NamedTuple):
    """A model that can be asked or trained."""

    # Any: the library's own annotations do not describe these classes.
    model: Any
    processor: Any
    commit: str | None
    """Of both, if they come from the Hub."""
    opening: str
    """What the chat template writes of the reasoning; see `templates.opening`."""
    prompted: str
    """Why answers to the prompts that earlier versions made for the same folder do not count; empty if they do."""
    came: Any
    """Type of the weights in the folder, as its configuration states it; None if it does not."""


def load(
    path: str,
    trust: bool,
    *,
    dtype: Any = "auto",
    name: str = "transformers_local:",
    more: Mapping[str, Any] | None = None,
) -> Opened:
    """Open a model of a family that takes pictures and text, with its processor.

    Args:
        path: a folder, or a Hub id.
        trust: whether Python files in the folder may be run.
        dtype: of the weights; `auto` is the folder's own.
        name: what stands before the path in messages.
        more: further arguments with which transformers loads the weights.

    Raises VtgError when anything is missing or wrong: nothing large is read before the small files are in order.
    """
    from transformers import AutoModelForImageTextToText
    from transformers.utils.hub import cached_file, extract_commit_hash
    from transformers.utils.peft_utils import find_adapter_config_file

    # What a library of hundreds of families raises for a folder that is not in order is of any type.
    with _refused(f"{name}{path}", path):
        base = adapters.base_of(path)
        commit = None if Path(path).is_dir() else extract_commit_hash(cached_file(path, "config.json"), None)
        # Never None: transformers would ask the terminal whether to run the model's own code.
        allowed: dict[str, Any] = {"trust_remote_code": trust, "revision": commit or "main"}
        if not Path(path).is_dir():
            own_code.refuse_adapter(find_adapter_config_file(path, revision=commit or "main"), fetched=True)
        if not trust:
            stated = cached_file(base or path, "config.json", revision=commit or "main")
            own_code.refuse_kernels(stated, "which only trust_remote_code=true allows")
        came = _check_family(base or path, allowed)
        processor = _processor(path, base, allowed)
        before = inputs.probe(processor, as_before=True)
        templates.settle(processor)
        prompted = "" if inputs.same(before, inputs.probe(processor)) else _OTHERWISE
        # With the loading info, what it gives is a pair, which its annotations do not say.
        loaded: Any = AutoModelForImageTextToText.from_pretrained(
            path, dtype=dtype, output_loading_info=True, ignore_mismatched_sizes=True, **allowed, **(more or {})
        )
        model, info = loaded
    wrong = adapters.fault(model, path) if base else weights.fault(model, info)
    if wrong:
        raise VtgError(
            f"{name}{path}: the folder {wrong}. A save or a merge that broke off leaves such a folder: save or copy "
            "the model again."
        )
    return Opened(model, processor, commit, templates.opening(processor), prompted, came)


def _check_family(path: str, allowed: dict[str, Any]) -> Any:
    """The type of weights that the configuration states.

    Raises VtgError, by the family's name, unless the model is of one that takes pictures and text.
    """
    from transformers import AutoConfig, AutoModelForImageTextToText

    config = AutoConfig.from_pretrained(path, **allowed)
    known = type(config) in AutoModelForImageTextToText._model_mapping
    brings = "AutoModelForImageTextToText" in (getattr(config, "auto_map", None) or {})
    if not known and not brings:
        raise VtgError(
            f"is of the family {config.model_type!r}, which transformers does not open as a model for pictures and "
            "text. Take one of a family that it does (Qwen-VL, InternVL, LLaVA, Gemma 3, ...), or serve this one and "
            "ask it by openai_api"
        )
    return config.dtype


def _processor(path: str, base: str, allowed: dict[str, Any]) -> Any:
    """The processor, if it can make prompts with pictures; of an adapter's folder without one, that of its base."""
    from transformers import AutoProcessor

    own = not base or any(
        outside.is_file(Path(path) / file) for file in ("processor_config.json", "tokenizer_config.json")
    )
    processor = AutoProcessor.from_pretrained(path if own else base, **allowed)
    lacking = [part for part in ("tokenizer", "image_processor") if getattr(processor, part, None) is None]
    if lacking:
        what = " and ".join(lacking)
        raise VtgError(
            f"has a {type(processor).__name__} without {what}, so it cannot be shown pictures. Copy the base model's "
            "processor_config.json (or preprocessor_config.json), or take a model that takes pictures"
        )
    templates.adopt(processor)
    if wrong := templates.fault(processor):
        raise VtgError(wrong)
    return processor


@contextmanager
def _refused(named: str, path: str) -> Generator[None]:
    """Say which model cannot be loaded, and what to do."""
    try:
        yield
    except VtgError as error:
        words = str(error)
        raise VtgError(words if words.startswith(path) else f"{named} {words.removesuffix('.')}.") from error
    except Exception as error:
        advice = (
            "This version of transformers does not know its family: take a newer one, or serve the model elsewhere"
            if "does not recognize this architecture" in str(error)
            else "It wants to run code of its own, which only trust_remote_code=true allows"
            if "trust_remote_code" in str(error)
            else "Name a folder with a whole model and its processor, as save_pretrained and `vtgdata train` write it"
            if Path(path).is_dir()
            else "There is no such folder here; name one, or a Hub id ORG/NAME that can be reached from here"
        )
        raise VtgError(f"{named}: no model can be loaded. {advice}. transformers says: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]


def identity(path: str, commit: str | None) -> str:
    """What identifies a model: a hash of a local folder's files that affect answers, or a Hub id with its commit.

    The commit is needed because the files behind a Hub id may change.
    """
    folder = Path(path)
    if not folder.is_dir():
        return f"{path}@{commit}" if commit else path
    files = sorted(file for file in folder.iterdir() if file.suffix in _MODEL_FILES and file.name != "meta.json")
    return fingerprint.short([[file.name, fingerprint.of_file(file)] for file in files])
