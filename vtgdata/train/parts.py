"""The parts of a vision-language model, told by the names of its weights."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

PROJECTOR = (
    r"multi_modal_projector|mm_projector|merger|connector|projector|aligner|mlp1|modality_projection|image_newline"
)
VISION = r"visual|vision|image_tower|image_encoder"


def part(name: str) -> str:
    """The part that a weight belongs to, by its name: vision, projector or language."""
    if re.search(PROJECTOR, name):
        return "projector"
    return "vision" if re.search(VISION, name) else "language"


def trainable(model: Any) -> dict[str, int]:
    """Number of weights that are trained, by part; adapters count to the part that they lie on."""
    counts: Counter[str] = Counter()
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            counts[part(name)] += weight.numel()
    return dict(sorted(counts.items()))
