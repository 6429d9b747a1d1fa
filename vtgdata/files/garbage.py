"""Python's garbage collector where millions of small records pass by."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def rarely_collected() -> Generator[None]:
    """Make Python's cyclic garbage collector run rarely: rows have no cycles, and it would scan them over and over."""
    before = gc.get_threshold()
    gc.set_threshold(1_000_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
