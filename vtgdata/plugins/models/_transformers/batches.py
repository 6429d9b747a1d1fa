"""Prompts of several answers as one batch, and how many answers fit in one."""

import gc
from typing import Any

SIZES = (1, 2, 4, 8, 16, 32, 64)
"""Numbers of rows of a batch: few, so that the library meets few shapes, and an answer costs little more than its own
row."""
_OUT_OF_MEMORY = (
    *("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory", "failed to allocate"),
    *("alloc_failed", "bad_alloc", "resource_exhausted", "insufficient memory"),
)
"""Words, in small letters, of errors of CUDA, ROCm, MPS and the CPU's allocator that have no type of their own."""


def filled(rows: int, most: int) -> int:
    """The size of a batch for a number of answers: the next of `SIZES`, or `most`.

    >>> filled(5, 64), filled(64, 64), filled(33, 48)
    (8, 64, 48)
    """
    return min(most, next((size for size in SIZES if size >= rows), most))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of a library, or one of its causes, says that memory ended."""
    import torch

    found: BaseException | None = error
    while found is not None:
        if isinstance(found, (MemoryError, torch.OutOfMemoryError)):
            return True
        # AcceleratorError and what cuBLAS, cuDNN and the CPU's allocator raise are RuntimeErrors.
        if isinstance(found, RuntimeError) and any(words in str(found).lower() for words in _OUT_OF_MEMORY):
            return True
        found = found.__cause__ or found.__context__
    return False


def free_memory() -> None:
    """Give back what a failed batch has left, on the device too."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


class Room:
    """How many answers fit in a batch: learnt from batches that ran out of memory, for prompts of their length on."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._least: dict[int, int] = {}
        """For each number of tokens, the smallest batch that ran out of memory."""

    def most(self, tokens: int) -> int:
        """The most answers to compute at a time, at least 1, of prompts that have `tokens` tokens with their answer."""
        return max(1, min([self.rows, *(size // 2 for length, size in self._least.items() if length <= tokens)]))

    def ran_out(self, tokens: int, size: int) -> None:
        """Remember that a batch of this size ran out of memory."""
        self._least[tokens] = min(size, self._least.get(tokens, size))


def context(model: Any) -> int | None:
    """The most tokens of prompt and answer together that a model takes; None where its config does not say."""
    of_text = model.config.get_text_config()
    found = getattr(of_text, "max_position_embeddings", None)
    return found if isinstance(found, int) and found > 0 else None
