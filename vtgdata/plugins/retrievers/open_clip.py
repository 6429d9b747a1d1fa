"""A model of open_clip: `open_clip:FOLDER`, `open_clip:hf-hub:ORG/NAME`, or an open_clip name with its weights.

    --score-by open_clip:model=ViT-L-14-336,pretrained=openai

Cosines as in Radford et al., Learning Transferable Visual Models From Natural Language Supervision, 2021, section 2.3.
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.errors import VtgError
from vtgdata.files import fingerprint
from vtgdata.records.retrieval import RetrieverExample, Vectors
from vtgdata.video import open_clip_model
from vtgdata.video.open_clip_model import Clip

NEEDS = "open_clip"


class OpenClip:
    """An open_clip model; see the module's docstring."""

    def __init__(self, clip: Clip, made_of: Sequence[str], batch: int) -> None:
        self.id = f"open_clip-{fingerprint.short(list(made_of))[:8]}"
        self._clip, self._batch = clip, batch

    def images(self, jpegs: Sequence[bytes]) -> Vectors:
        """The vectors of pictures, `batch` at a time."""
        return np.concatenate(
            [self._clip.images(jpegs[i : i + self._batch]) for i in range(0, len(jpegs), self._batch)]
        )

    def texts(self, queries: Sequence[str]) -> Vectors:
        """The vectors of texts; what is beyond the model's context (77 tokens for most) is cut off."""
        return self._clip.texts(queries)


def connect(
    argument: str,
    *,
    model: str = "",
    pretrained: str = open_clip_model.PRETRAINED,
    batch: int = 64,
    device: str = "",
) -> OpenClip:
    """Open a model.

    Args:
        argument: the model, as in `model`; ViT-B-32 if neither is given.
        model: an open_clip name, `hf-hub:ORG/NAME`, or a folder with open_clip_config.json and the weights.
        pretrained: which weights of an open_clip name to load; ignored for a folder or the Hub.
        batch: pictures per call of the model.
        device: `cuda` or `cpu`; if empty, a GPU is used if there is one.
    """
    if batch < 1:
        raise VtgError(f"open_clip: batch={batch} must be 1 or more.")
    named = argument or model or open_clip_model.MODEL
    content = open_clip_model.content(named)
    made_of = [content] if content else [named, *([] if ":" in named else [pretrained])]
    return OpenClip(open_clip_model.load("the retriever open_clip", named, pretrained, device), made_of, batch)


EXAMPLE = RetrieverExample(argument="{open_clip_model}")
