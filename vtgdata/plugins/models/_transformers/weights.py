"""Whether a model has all its weights: none missing, none left over, every number finite.

transformers loads a folder that lacks weights with a warning, and draws the missing ones at random.
"""

from collections.abc import Iterable, Mapping
from typing import Any

NAMED = 3
"""Weights named in a message; of the others it says the number."""


def fault(model: Any, info: Mapping[str, Any]) -> str:
    """What is wrong with a model's weights, in words; empty if nothing is.

    Args:
        model: as it was loaded.
        info: what `from_pretrained(output_loading_info=True)` says. Weights that are tied to others, and those that
            the model's class is known to leave out, are no fault to it.
    """
    shapes = sorted(str(each[0]) for each in info.get("mismatched_keys") or ())
    if missing := sorted(info.get("missing_keys") or ()):
        return f"it lacks {_named(missing)}, which would be drawn at random"
    if extra := sorted(info.get("unexpected_keys") or ()):
        return f"it has {_named(extra)} that {type(model).__name__} does not know and would leave out"
    if shapes:
        return f"it has {_named(shapes)} of another shape than its config.json says"
    if odd := sorted(not_finite(model)):
        return f"it has {_named(odd)} that are not finite (NaN or infinity)"
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


def _named(names: Iterable[str]) -> str:
    """The number of weights and their first names, as in `12 of its weights (model.layers.1.mlp.up_proj.weight...)`.

    >>> _named(["a.weight"]), _named(["a", "b", "c", "d"])
    ('1 of its weights (a.weight)', '4 of its weights (a, b, c ...)')
    """
    names = list(names)
    more = " ..." if len(names) > NAMED else ""
    return f"{len(names)} of its weights ({', '.join(names[:NAMED])}{more})"
