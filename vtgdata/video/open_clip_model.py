"""An image-text model of open_clip, loaded: vectors of pictures and of texts whose cosine says how well they fit."""

from __future__ import annotations

import importlib
import io
import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, outside
from vtgdata.files.video_files import PICTURES

MODEL, PRETRAINED = "ViT-B-32", "laion2b_s34b_b79k"
"""What is loaded unless another model is named."""
_CONFIG = "open_clip_config.json"

Floats = NDArray[np.float64]


class Clip(NamedTuple):
    """A model as two functions, for image files and for texts; both return (n, d) unit vectors."""

    images: Callable[[Sequence[bytes]], Floats]
    texts: Callable[[Sequence[str]], Floats]


def load(who: str, model: str, pretrained: str, device: str = "") -> Clip:
    """Load a model; the last one is kept, so that it is loaded once for many videos.

    Args:
        who: the plug-in that asks, for messages.
        model: an open_clip name, `hf-hub:ORG/NAME`, or a folder with open_clip_config.json and the weights.
        pretrained: which weights of an open_clip name to load; ignored for a folder or the Hub.
        device: `cuda` or `cpu`; if empty, a GPU is used if there is one.

    Raises VtgError when open_clip is not installed, or the model cannot be loaded or asks for code of its own.
    """
    return _load(who, model, pretrained, device, content(model))


def content(model: str) -> str:
    """Fingerprint of a local model's files, empty otherwise: another checkpoint in the same folder is another model."""
    return fingerprint.of_path(Path(model)) if Path(model).is_dir() else ""


def config(model: str) -> Path | None:
    """The file that describes a model of a folder or the Hub; None for a name that open_clip itself describes."""
    if Path(model).is_dir():
        return Path(model) / _CONFIG
    if not model.startswith("hf-hub:"):
        return None
    from huggingface_hub import hf_hub_download  # pyright: ignore[reportUnknownVariableType]

    name, _, revision = model.removeprefix("hf-hub:").partition("@")
    return Path(hf_hub_download(name, _CONFIG, revision=revision or None))


def refuse_own_code(who: str, model: str, config: Path | None) -> None:
    """Raise VtgError when a model's description lets the model's own Python files run: open_clip hands that on."""
    if config is None or not outside.is_file(config):
        return
    stated = json.loads(outside.read_text(config))
    if '"trust_remote_code"' in json.dumps(stated):
        raise VtgError(
            f"{who}: model={model}: its {_CONFIG} asks for trust_remote_code, and no model's own code is run "
            "here. Take that out, or take another model."
        )


@lru_cache(maxsize=1)
def _load(who: str, model: str, pretrained: str, device: str, content: str) -> Clip:
    """See `load`. `content` is only part of the cache key."""
    del content
    try:
        import torch

        # open_clip has no type annotations.
        open_clip: Any = importlib.import_module("open_clip")
    except ModuleNotFoundError as error:
        raise VtgError(f"{who} needs {error.name}: pip install 'vtgdata[clip]'") from error
    from PIL import Image

    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    name = f"local-dir:{model}" if Path(model).is_dir() else model
    tag = None if ":" in name else pretrained
    try:
        refuse_own_code(who, model, config(model))
        loaded, _, prepare = open_clip.create_model_and_transforms(name, pretrained=tag, device=place)
        tokenize = open_clip.get_tokenizer(name)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise VtgError(
            f"{who}: model={model}, pretrained={pretrained}: cannot be loaded ({str(error).splitlines()[0]}). "
            "Name one that open_clip.list_pretrained() has, or a folder with open_clip_config.json and the weights."
        ) from error
    network = loaded.eval()

    def images(files: Sequence[bytes]) -> Floats:
        pictures = [prepare(Image.open(io.BytesIO(file), formats=PICTURES).convert("RGB")) for file in files]
        with torch.inference_mode():
            return _rows(network.encode_image(torch.stack(pictures).to(place), normalize=True))

    def texts(queries: Sequence[str]) -> Floats:
        # One by one: the number of queries must not change the last digits.
        with torch.inference_mode():
            return np.concatenate(
                [_rows(network.encode_text(tokenize([q]).to(place), normalize=True)) for q in queries]
            )

    return Clip(images, texts)


def _rows(tensor: Any) -> Floats:
    return tensor.float().cpu().numpy().astype(np.float64)
