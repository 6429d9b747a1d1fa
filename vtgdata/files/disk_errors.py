"""What writing to a full disk raises: errors of the system, and those of libraries that are not written in Python."""

import errno
import os
import re
from pathlib import Path

from vtgdata.errors import VtgError

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What writing to an open file may raise, without the file's name."""
_TORCH = re.compile(r"PytorchStreamWriter failed writing|inline_container.*unexpected pos", re.DOTALL)
"""How torch says that a file took less than it wrote, for whatever reason."""


def name(error: BaseException | None, folder: Path) -> None:
    """Give an error of the disk that names no file this folder's name; raise one of the system for a library's own."""
    if isinstance(error, OSError) and error.errno in DISK and error.filename is None:
        error.filename = str(folder)  # a library wrote into an open file, whose name the system does not say
    elif isinstance(error, Exception) and (found := number(error)) is not None:
        raise OSError(found, os.strerror(found), str(folder)) from error


def number(error: Exception) -> int | None:
    """The number of the system's error where a library raised one of its own kind for it; None for all others.

    >>> number(RuntimeError("write(): fd 3 failed with No space left on device")) == errno.ENOSPC
    True
    """
    if isinstance(error, (OSError, VtgError)):
        return None
    text = str(error)
    for known in DISK:
        # Libraries in Rust (safetensors, tokenizers), and torch.
        if f"(os error {known})" in text or f"failed with {os.strerror(known)}" in text:
            return known
    return errno.ENOSPC if _TORCH.search(text) else None
