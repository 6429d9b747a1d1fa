"""Published files to try a reader on: `$VTGDATA_TEST_DATA`. They may not be passed on: a machine has them, or skips."""

import os
from pathlib import Path

import pytest


def published(*parts: str) -> Path:
    """A file or folder of the test data; skips the test where there is none."""
    root = os.environ.get("VTGDATA_TEST_DATA")
    if not root:
        pytest.skip("VTGDATA_TEST_DATA is not set")
    return Path(root, *parts)
