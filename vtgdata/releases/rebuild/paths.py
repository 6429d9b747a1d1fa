"""Settings without paths of a machine: files are named by the step that made them, or by their place under `raw/`."""

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, cast

from vtgdata.releases import hub

NO_PATHS = frozenset(("name", "license", "split", "where", "version", "made_by", "quotas", "student", "form"))
"""Settings that never name a file, though a word in them may be called like one."""
VERBATIM = frozenset(("map", "records", "sep", "quote", "ids_source"))
"""Settings that say how a file is written inside, or where it comes from, in which even a slash is no path."""
FOLDERS = frozenset(("paths", "previous", "tombstones", "release", "videos", "samples"))
"""Settings that may name a folder in which the files lie that are read."""
MACHINE = frozenset(("endpoint", "then_endpoint", "frames", "concurrency", "timeout", "max_wait", "shard"))
"""Settings that say where and how fast a step ran, and change nothing of its result."""
_MACHINE_SETTING = re.compile(rf"(?<=[:,])(?:{'|'.join(sorted(MACHINE))})=[^,]*,?")
"""One of these in the spec of a verifier."""
_NOT_SAID = "(left out)"
_SECRET = re.compile(r"key|token(?!s)|secret|passw|auth|credential|cookie|session|user|mail|account", re.IGNORECASE)
"""Names of fields in the body of a request whose values are nobody else's business."""
_KEYS = re.compile(r"\b(?:sk-|hf_|gh[pousr]_|AIza|xox[bp]-)[A-Za-z0-9_-]{16,}")
"""Keys as the usual services issue them."""
_LOGIN = re.compile(r"(?<=://)[^\s/@]+@")
_ANYBODY = frozenset(("", "root", "user", "home", "data"))
"""Names of accounts that say nothing about a person."""
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
        if name in MACHINE or value is None or value == "":
            continue
        if name == "verify" and isinstance(value, list):
            value = [_MACHINE_SETTING.sub("", str(spec)).rstrip(",:") for spec in cast(list[Any], value)]
        found[name] = value if name in VERBATIM else _replaced(value, {} if name in NO_PATHS else known)
        if name in ("body", "judge_body") and isinstance(value, dict):
            found[name] = _discreet(found[name])
    return found


def _discreet(body: dict[str, Any]) -> dict[str, Any]:
    """The fields of a request's body, without the values of those that are secret or name a person."""
    return {
        key: _NOT_SAID
        if _SECRET.search(key)
        else _discreet(cast(dict[str, Any], value))
        if isinstance(value, dict)
        else value
        for key, value in body.items()
    }


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
    return without_machine("".join(parts))


def without_machine(text: str) -> str:
    """A text without logins and keys, in which every path that is absolute or climbs is reduced to its last part.

    >>> without_machine("clip:/srv/models/clip.pt"), without_machine("clip:../anna/clip.pt")
    ('clip:clip.pt', 'clip:clip.pt')
    >>> without_machine("http://anna:word@host/v1")
    'http://host/v1'
    >>> without_machine("duration / 2 > 5 and split == 'a/b'")
    "duration / 2 > 5 and split == 'a/b'"
    """
    text = _KEYS.sub(_NOT_SAID, _LOGIN.sub("", text))
    if "://" in text:
        return text
    text = _LONG_PATH.sub(lambda found: _last(found[0]), text)
    return "".join(_last(part) if _elsewhere(part) else part for part in _SEPARATORS.split(text))


def _elsewhere(text: str) -> bool:
    """Whether a text is a path that is absolute, or begins in the folder above or at home."""
    climbs = text.startswith(("../", "..\\", "~/"))
    return climbs or PurePosixPath(text).is_absolute() or (len(text) > 2 and PureWindowsPath(text).is_absolute())


def anonymous(path: str) -> str:
    """A relative path in which no folder is called like the user's account.

    >>> anonymous("corpora/train.json")
    'corpora/train.json'
    """
    names = {Path.home().name, os.environ.get("USER", ""), os.environ.get("LOGNAME", "")} - _ANYBODY
    *folders, name = path.split("/")
    return "/".join([*("files" if folder in names else folder for folder in folders), name])


def _last(path: str) -> str:
    return PureWindowsPath(path).name
