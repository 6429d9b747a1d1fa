"""A model of transformers with one space for pictures and texts (CLIP, SigLIP): a folder or a Hub id.

    --score-by transformers_clip:openai/clip-vit-large-patch14-336

Cosines as in Radford et al., Learning Transferable Visual Models From Natural Language Supervision, 2021, section 2.3.
"""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, own_code
from vtgdata.files.video_files import PICTURES
from vtgdata.records.retrieval import RetrieverExample, Vectors

NEEDS = "transformers"


class TransformersClip:
    """A model with its processor; see the module's docstring."""

    def __init__(self, model: Any, processor: Any, made_of: str, batch: int) -> None:
        """`made_of` identifies the files of both."""
        self.id = f"transformers_clip-{fingerprint.short(made_of)[:8]}"
        self._model, self._processor, self._batch = model, processor, batch
        # SigLIP was trained on texts that are all filled up to one length.
        self._padding = "max_length" if "siglip" in str(model.config.model_type) else True

    def images(self, jpegs: Sequence[bytes]) -> Vectors:
        """The vectors of pictures, `batch` at a time."""
        from PIL import Image

        found: list[Vectors] = []
        for start in range(0, len(jpegs), self._batch):
            some = jpegs[start : start + self._batch]
            pictures = [Image.open(io.BytesIO(jpeg), formats=PICTURES).convert("RGB") for jpeg in some]
            found.append(self._vectors(self._model.get_image_features, images=pictures))
        return np.concatenate(found)

    def texts(self, queries: Sequence[str]) -> Vectors:
        """The vectors of texts; what is beyond the model's context (77 tokens for CLIP) is cut off."""
        # One by one: the number of queries must not change the last digits.
        given = {"padding": self._padding, "truncation": True}
        return np.concatenate([self._vectors(self._model.get_text_features, text=[q], **given) for q in queries])

    def _vectors(self, encode: Callable[..., Any], **given: Any) -> Vectors:
        import torch

        inputs = self._processor(return_tensors="pt", **given).to(self._model.device)
        with torch.inference_mode():
            found = encode(**inputs)
        rows = getattr(found, "pooler_output", found).float().cpu().numpy().astype(np.float64)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def connect(argument: str, *, model: str = "", batch: int = 64, device: str = "") -> TransformersClip:
    """Open a model.

    Args:
        argument: a folder with a model and its processor, or a Hub id.
        model: the same, if it is given together with settings: `transformers_clip:model=FOLDER,batch=16`.
        batch: pictures per call of the model.
        device: `cuda` or `cpu`; if empty, a GPU is used if there is one.
    """
    path = argument or model
    if not path:
        raise VtgError("transformers_clip: name a folder or a Hub id, as in transformers_clip:ORG/NAME.")
    if batch < 1:
        raise VtgError(f"transformers_clip: batch={batch} must be 1 or more.")
    try:
        return TransformersClip(*_loaded(path, device), batch)
    except ModuleNotFoundError as error:
        raise VtgError(f"the retriever transformers_clip needs {error.name}: pip install 'vtgdata[train]'") from error
    except VtgError as error:
        raise VtgError(f"transformers_clip:{path}: {error}") from error
    except Exception as error:  # what a library of hundreds of families raises for a folder that is not in order
        words = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
        raise VtgError(
            f"transformers_clip:{path}: no model can be loaded. Name a folder with a whole model and its processor, as "
            f"save_pretrained writes it, or a Hub id ORG/NAME that can be reached from here. transformers says: {words}"
        ) from error


def _loaded(path: str, device: str) -> tuple[Any, Any, str]:
    """The model, its processor, and what identifies both."""
    import torch
    from transformers import AutoModel, AutoProcessor
    from transformers.utils.hub import cached_file, extract_commit_hash
    from transformers.utils.peft_utils import find_adapter_config_file

    # Hashed before it is read: what is no plain file among its files is found here.
    content = fingerprint.of_path(Path(path)) if Path(path).is_dir() else ""
    stated = cached_file(path, "config.json")
    commit = None if Path(path).is_dir() else extract_commit_hash(stated, None)
    own_code.refuse_kernels(stated, "and no model's own code is run here. Take that out, or take another model.")
    beside = find_adapter_config_file(path, revision=commit or "main")
    own_code.refuse_adapter(beside, fetched=not Path(path).is_dir())
    # Never None: transformers would ask the terminal whether to run the model's own code.
    allowed: dict[str, Any] = {"trust_remote_code": False, "revision": commit or "main"}
    place = device or ("cuda" if torch.cuda.is_available() else "cpu")
    found: Any = AutoModel.from_pretrained(path, dtype=torch.float32, output_loading_info=True, **allowed)
    model, info = found
    if lacking := sorted(info["missing_keys"]):
        raise VtgError(f"the folder lacks {len(lacking)} of its weights, as {lacking[0]}. Save or copy it again.")
    if not all(hasattr(model, name) for name in ("get_image_features", "get_text_features")):
        raise VtgError(
            f"is a {type(model).__name__}, which has no one space for pictures and texts. Take a CLIP or a SigLIP."
        )
    processor = AutoProcessor.from_pretrained(path, **allowed)
    return model.to(place).eval(), processor, content or f"{path}@{commit}"


EXAMPLE = RetrieverExample(argument="{clip_model}")
