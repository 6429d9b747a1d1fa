"""The card's metadata before a push: the Hub itself checks it, and refuses a commit whose card it does not take."""

import logging
from pathlib import Path
from typing import Any, cast

from vtgdata.errors import VtgError
from vtgdata.files import outside
from vtgdata.releases.hub.patience import Patient
from vtgdata.releases.hub.refusals import Kind, redacted

log = logging.getLogger("vtgdata")
CARD = "README.md"
"""Name of the card in a repository."""


def check_card(api: Patient, card: Path, kind: Kind) -> None:
    """Ask the Hub whether it takes a card; nothing of it is kept there.

    Args:
        api: the client.
        card: the file that will be README.md.
        kind: kind of the repository, since the rules differ.

    Raises VtgError, with the Hub's words, when it does not.
    """
    response = api.call(lambda: _asked(outside.read_text(card), kind))
    answer = _json(response)
    for warning in _messages(answer, "warnings"):
        log.warning("the Hub on the card: %s", warning)
    if response.status_code == 400:
        said = "; ".join(_messages(answer, "errors")) or redacted(response.text.strip())[:300]
        raise VtgError(
            f"{card}: the Hub refuses the metadata of this card ({said}). Nothing was uploaded. Mend what it names "
            "where it comes from (licence, name, languages, base model), make the card again, and push."
        )


def _asked(content: str, kind: Kind) -> Any:
    from huggingface_hub import HfApi, get_session
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # pyright: ignore[reportUnknownVariableType]

    headers: dict[str, str] = build_hf_headers()
    response = get_session().post(
        f"{HfApi().endpoint}/api/validate-yaml",
        json={"content": content, "repoType": kind},
        headers=headers,
    )
    if response.status_code != 400:
        hf_raise_for_status(response)
    return response


def _json(response: Any) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _messages(answer: Any, name: str) -> list[str]:
    """The messages of an answer's `errors` or `warnings`, each on one line."""
    found: Any = cast("dict[str, Any]", answer).get(name) if isinstance(answer, dict) else None
    items = cast("list[Any]", found) if isinstance(found, list) else []
    words = [cast("dict[str, Any]", each).get("message") if isinstance(each, dict) else each for each in items]
    return [" ".join(redacted(str(each)).split()) for each in words if each]
