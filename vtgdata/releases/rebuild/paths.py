"""Settings without paths of a machine: files are named by the step that made them, or by their place under `raw/`."""

import os
import re
from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, cast

from vtgdata.files import recipe
from vtgdata.releases import hub

NO_PATHS = frozenset(("name", "license", "split", "where", "version", "made_by"))
"""Settings that never name a file, though a word in them may be called like one."""
FOLDERS = frozenset(("paths", "previous", "tombstones", "release", "videos", "samples"))
"""Settings that may name a folder in which the files lie that are read."""
_MACHINE = frozenset(("endpoint", "frames", "concurrency", "timeout", "max_wait", "shard"))
"""Settings that say where and how fast a step ran, and change nothing of its result."""
_SEPARATORS = re.compile(r"([:=,])")
_LONG_PATH = re.compile(r"""(?:^|(?<=[:=,'"\s(]))(?:~|[A-Za-z]:)?[\\/][^\\/\s,'"()]+[\\/][^\s,'"]*""")


def portable(settings: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """Settings as they can be published: without empty ones, and with every path replaced.

    Args:
        settings: of a step, as in its `meta.json`.
        known: {normal path: what stands for it}, of files and folders that the step read.
    """
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if name in _MACHINE or value is None or value == "":
            continue
        found[name] = _replaced(value, {} if name in NO_PATHS else known)
    return found


def _replaced(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(inner, known) for key, inner in cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [_replaced(inner, known) for inner in cast(list[Any], value)]
    return replaced(value, known) if isinstance(value, str) else value


def replaced(text: str, known: Mapping[str, str]) -> str:
    """A setting's text with the paths in it replaced: the whole text, or the parts of a spec.

    >>> replaced("scripted:runs/data/samples.parquet", {"runs/data/samples.parquet": "@ingest/samples.parquet"})
    'scripted:@ingest/samples.parquet'
    >>> replaced("openai_api:/srv/models/qwen", {})
    'openai_api:qwen'
    """
    if hub.pinned(text):
        return text
    if (whole := known.get(os.path.normpath(text))) and text:
        return whole
    head, separator, rest = text.partition(":")
    if separator and rest and (found := known.get(os.path.normpath(rest))):
        return f"{head}:{found}"
    parts = _SEPARATORS.split(text)
    parts = [known.get(os.path.normpath(part), part) if part else part for part in parts]
    return "".join(parts) if recipe.references("".join(parts)) else without_machine("".join(parts))


def without_machine(text: str) -> str:
    """A text in which every absolute path is reduced to its last part.

    >>> without_machine("clip:/srv/models/clip.pt")
    'clip:clip.pt'
    >>> without_machine("duration / 2 > 5 and split == 'a/b'")
    "duration / 2 > 5 and split == 'a/b'"
    """
    text = _LONG_PATH.sub(lambda found: _last(found[0]), text)
    parts = _SEPARATORS.split(text)
    return "".join(_last(part) if _absolute(part) and "//" not in text else part for part in parts)


def _absolute(text: str) -> bool:
    return PurePosixPath(text).is_absolute() or (len(text) > 2 and PureWindowsPath(text).is_absolute())


def _last(path: str) -> str:
    return PureWindowsPath(path).name
