"""A folder or Hub id as a model with its processor, and what identifies it."""

from pathlib import Path
from typing import Any

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint

_MODEL_FILES = {".safetensors", ".bin", ".json", ".jinja", ".model", ".txt"}
"""Suffixes of weights, configurations, tokenizers and chat templates, but not of logs or cards."""


def device() -> str:
    """`cuda` where there is a card, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def load(path: str, trust: bool) -> tuple[Any, Any, str | None]:
    """The model, its processor, and the commit of both if they come from the Hub."""
    from safetensors import SafetensorError
    from transformers import AutoModelForImageTextToText, AutoProcessor
    from transformers.utils.hub import cached_file, extract_commit_hash

    try:
        commit = None if Path(path).is_dir() else extract_commit_hash(cached_file(path, "config.json"), None)
        revision = commit or "main"
        # Never None: transformers would ask the terminal whether to run the model's own code.
        own_code: dict[str, Any] = {"trust_remote_code": trust, "revision": revision}
        model = AutoModelForImageTextToText.from_pretrained(path, dtype="auto", **own_code)
        return model, AutoProcessor.from_pretrained(path, **own_code), commit
    # ImportError: this model's processor needs a package that is not installed.
    except (OSError, ValueError, ImportError, SafetensorError) as error:
        advice = (
            "It wants to run code of its own, which only trust_remote_code=true allows"
            if "trust_remote_code" in str(error)
            else "Name a folder with a whole model and its processor, as save_pretrained and `vtgdata train` write it"
            if Path(path).is_dir()
            else "There is no such folder here; name one, or a Hub id ORG/NAME that can be reached from here"
        )
        raise VtgError(
            f"transformers_local:{path}: no model can be loaded. {advice}. transformers says: {_first_line(error)}"
        ) from error


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
