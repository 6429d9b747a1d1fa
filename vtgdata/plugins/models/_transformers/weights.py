"""Whether a model has all its weights: none missing, none left over, every number finite.

transformers loads a folder that lacks weights with a warning, and draws the missing ones at random.
"""

from collections.abc import Mapping
from typing import Any

NAMED = 3
"""Most weights named in a message."""


def fault(model: Any, info: Mapping[str, Any]) -> str:
    """What is wrong with the weights of a model's folder, in words; empty if nothing is.

    Args:
        model: as it was loaded.
        info: what `from_pretrained(output_loading_info=True)` says. Weights that are tied to others, and those that
            the model's class is known to leave out, are no fault to it.
    """
    shapes = sorted(str(each[0]) for each in info.get("mismatched_keys") or ())
    if missing := sorted({str(name) for name in info.get("missing_keys") or ()} - set(shapes)):
        return f"lacks {len(missing)} of its weights ({_names(missing)}), which would be drawn at random"
    if shapes:
        return f"has weights of another shape than its config.json says ({_names(shapes)})"
    if extra := sorted(str(name) for name in info.get("unexpected_keys") or ()):
        return f"has {len(extra)} weights that {type(model).__name__} does not know ({_names(extra)})"
    if odd := sorted(not_finite(model)):
        return f"has weights that are not finite, NaN or infinity ({_names(odd)})"
    return ""


def not_finite(model: Any) -> list[str]:
    """The names of a model's weights and buffers that hold NaN or infinity."""
    named = [*model.named_parameters(), *model.named_buffers()]
    return [name for name, tensor in named if not _finite(tensor)]


def _finite(tensor: Any) -> bool:
    import torch

    if not tensor.is_floating_point() or tensor.is_meta or not tensor.numel():
        return True
    with torch.no_grad():
        # One pass without a copy. A sum that overflows says nothing yet, so look again.
        numbers = tensor if tensor.element_size() > 1 else tensor.float()
        return bool(torch.isfinite(numbers.sum(dtype=torch.float32))) or bool(torch.isfinite(numbers).all())


def _names(names: list[str]) -> str:
    """The first names.

    >>> _names(["a"]), _names(["a", "b", "c", "d"])
    ('a', 'a, b, c ...')
    """
    return ", ".join(names[:NAMED]) + (" ..." if len(names) > NAMED else "")
