"""What providers say of the answers of their models: a licence dimension of traces, beside the corpora's own.

A register of what is commonly known, not legal advice, and not checked against each version of the terms: read them at
their link. `release --teacher-terms FILE`
adds to it, with entries of the same form, and goes first.
"""

from pathlib import Path
from typing import Any

import msgspec

from vtgdata.errors import VtgError


class TeacherTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Terms of one family of models."""

    match: str
    """Part of the model's name, in small letters."""
    provider: str
    link: str = ""
    no_competing_models: bool | None = None
    """Whether outputs may not train competing models; None where nobody read the terms."""


REGISTER = (
    TeacherTerms(
        match="scripted", provider="a script of this tool; no model was asked", no_competing_models=False
    ),
    TeacherTerms(
        match="gemini", provider="Google", link="https://ai.google.dev/gemini-api/terms", no_competing_models=True
    ),
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
    """A user's own entries, a JSON list; none for an empty path. Raises VtgError when the file is none."""
    if not path:
        return ()
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=tuple[TeacherTerms, ...])
    except (OSError, msgspec.DecodeError) as error:
        raise VtgError(
            f"--teacher-terms {path}: {error}. Give a JSON list of {{match, provider, link, no_competing_models}}."
        ) from error


def terms(model_id: str, own: tuple[TeacherTerms, ...] = ()) -> dict[str, Any]:
    """Provider, link and the flag for a model; what nobody read is null.

    >>> terms("openai_api:gemini-2.5-pro")["no_competing_models"], terms("openai_api:other")["provider"]
    (True, 'unknown')
    """
    name = model_id.lower()
    found = next((each for each in (*own, *REGISTER) if each.match.lower() in name), None)
    if found is None:
        return {"provider": "unknown", "link": "", "no_competing_models": None}
    return {"provider": found.provider, "link": found.link, "no_competing_models": found.no_competing_models}
