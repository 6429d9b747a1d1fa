"""Providers' terms for the answers of their models: they limit the use of traces, besides the corpora's licences.

A register, not legal advice. An entry names the text that was read and its date, or is unverified: then it says what is
commonly reported, and the reader must check. `release --teacher-terms FILE` adds entries of the same form, which take
precedence.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import json_document, outside


class TeacherTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Terms of one family of models."""

    match: str
    """Beginning of a word in the model's name, in lower case."""
    provider: str
    link: str = ""
    no_competing_models: bool | None = None
    """Whether it is forbidden to train competing models on outputs; None if unknown."""
    read: str = ""
    """The text that says so, with its date; empty if nobody has read it: the entry is unverified."""


REGISTER = (
    TeacherTerms(
        match="scripted", provider="a script of this tool; no model was asked", no_competing_models=False,
        read="this tool's own code",
    ),
    TeacherTerms(
        match="gemini", provider="Google", link="https://ai.google.dev/gemini-api/terms", no_competing_models=True,
        read="Use Restrictions of the Gemini API Additional Terms of Service of 2024-10-31, 2025-02-05 and 2025-05-20: "
        "no use of the services to develop models that compete with them",
    ),
    # Open weights under a licence of their own, not the terms of OpenAI's services.
    TeacherTerms(match="gpt-oss", provider="OpenAI, open weights", link="https://huggingface.co/openai/gpt-oss-120b"),
    TeacherTerms(
        match="gpt-", provider="OpenAI", link="https://openai.com/policies/services-agreement/",
        no_competing_models=True,
    ),
    TeacherTerms(
        match="claude", provider="Anthropic", link="https://www.anthropic.com/legal/commercial-terms",
        no_competing_models=True,
    ),
)  # fmt: skip


def read(path: str) -> tuple[TeacherTerms, ...]:
    """A user's own entries, from a JSON list; none for an empty path. Raises VtgError when the file is no such list."""
    if not path:
        return ()
    try:
        own = json_document.decode(outside.read_bytes(Path(path)), type=tuple[TeacherTerms, ...])
    except (OSError, msgspec.DecodeError) as error:
        raise VtgError(
            f"--teacher-terms {path}: {error}. Give a JSON list of "
            "{match, provider, link, no_competing_models, read}."
        ) from error
    told = "whoever made this release says so"
    return tuple(entry if entry.read else msgspec.structs.replace(entry, read=told) for entry in own)


def terms(model_id: str, own: tuple[TeacherTerms, ...] = ()) -> dict[str, Any]:
    """provider, link, no_competing_models and read for a model; null for what is unknown.

    >>> terms("openai_api:gemini-2.5-pro")["no_competing_models"], terms("openai_api:minigpt-4")["provider"]
    (True, 'unknown')
    """
    name = model_id.lower()
    known = (each for each in (*own, *REGISTER) if re.search(rf"(?<![a-z0-9]){re.escape(each.match.lower())}", name))
    found = next(known, TeacherTerms(match="", provider="unknown"))
    return {name: getattr(found, name) for name in ("provider", "link", "no_competing_models", "read")}


def words(found: Mapping[str, Any]) -> str:
    """Whether it is forbidden to train competing models on outputs, in words for a card, with the source.

    >>> words(terms("gpt-5"))
    'yes by what is commonly reported; unverified, so read the terms'
    """
    flag, read = found["no_competing_models"], found.get("read", "")
    if flag is None:
        return "unknown, nobody read the terms"
    said = "yes" if flag else "no"
    return f"{said} ({read})" if read else f"{said} by what is commonly reported; unverified, so read the terms"
