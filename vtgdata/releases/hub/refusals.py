"""What went wrong with the Hub, as errors that say what to do: the Hub's words, and advice by its code.

A 403 has many meanings, and a new token helps with few of them. So its error code (`X-Error-Code`) is read first, then
its words, and only what neither of them explains is taken for a token without rights.
"""

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple, cast

from vtgdata.errors import Conflict, EndpointRefused, VtgError
from vtgdata.files.outside_text import MASK, address, safe

Verb = Literal["push", "pull"]
Kind = Literal["dataset", "model"]
MOST_WORDS = 500
"""Most characters of the Hub's words in a message."""


class Asked(NamedTuple):
    """What was asked of the Hub."""

    repository: str
    verb: Verb
    kind: Kind = "dataset"

    @property
    def hub(self) -> str:
        """Address of the Hub, without the login that a mirror may want in it."""
        from huggingface_hub import HfApi

        return address(HfApi().endpoint)

    @property
    def page(self) -> str:
        """Address of the repository's page."""
        return f"{self.hub}/{'datasets/' if self.kind == 'dataset' else ''}{self.repository}"


class Meaning(NamedTuple):
    """One meaning of a 403: how it is known, and what to do."""

    code: str
    """The Hub's error code; empty where only the words tell."""
    words: re.Pattern[str]
    """Found in the Hub's words."""
    push: str
    pull: str
    """Advice, with the slots {page} and {repository}."""


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


MEANINGS = (
    Meaning(
        "GatedRepo",
        _words(r"gated|not in the authorized list|ask for access|request access|awaiting a review"),
        push="The repository is gated: ask its owner for access on {page}, or push to another name.",
        pull="The dataset is gated: ask for access on {page}, and pull again once it is granted. "
        "A token that may read is enough.",
    ),
    Meaning(
        "DisabledRepo",
        _words(r"(resource|repositor|dataset|model)\w* (is|has been|was) disabled|disabled by"),
        push="The repository is disabled, and no token changes that: see {page}, write to its owner or to the Hub, or "
        "push to another name.",
        pull="The repository is disabled, and no token changes that: see {page}, or write to its owner or to the Hub.",
    ),
    Meaning(
        "",
        _words(r"storage|quota|disk space|out of space"),
        push="The storage of that account is full: delete what is no longer needed (its settings on the Hub list it), "
        "get more, or make the repository public with --public (for one that exists, on {page}/settings). "
        "Then push again: uploads that arrived are kept.",
        pull="The storage of that account is full: its owner has to free some.",
    ),
    Meaning(
        "",
        _words(r"\bpayment|\bbilling|subscri|\bplan\b|\bpro\b account|credits"),
        push="It is a matter of that account's plan, and no token changes it: see the account's billing page, or push "
        "to another account.",
        pull="It is a matter of that account's plan: its owner has to see to it.",
    ),
    Meaning(
        "",
        _words(r"\bip\b.*(allow|block|restrict)|network policy|\bsso\b|single sign|two.factor|\b2fa\b|\bmfa\b"),
        push="The organisation lets in only some networks or sign-ins: sign in as it asks, or push from inside.",
        pull="The organisation lets in only some networks or sign-ins: sign in as it asks, or pull from inside.",
    ),
)
"""Meanings of a 403 in which a new token does not help: the one with its code, else the first with its words."""
_TOKEN = {
    "push": "The token may not write there: make one with write access to {repository} (a fine-grained token needs "
    "write access to that owner's repositories), or choose another name.",
    "pull": "The token may not read it: pulling needs read access and no more. Take a token that may read "
    "{repository} (a fine-grained one has to name it), or ask its owner.",
}
_STATUS = {
    401: "The token is missing or wrong: run `hf auth login`, or set HF_TOKEN.",
    402: "It is a matter of that account's plan, and no token changes it: see the account's billing page.",
    404: "There is no such repository, tag or owner for this token: see to its spelling and your rights.",
    451: "The repository is not available for legal reasons, and no token changes that: see {page}.",
}
_REFUSED = (400, 413, 422)
"""Statuses that say the same however often one asks."""


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it was raised from: the client wraps what goes wrong in its threads and searches."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__


def http_error(error: BaseException) -> Any:
    """The Hub's refusal that an error is, or was raised from (an HfHubHTTPError); None if there is none."""
    from huggingface_hub.errors import HfHubHTTPError

    return next((each for each in chain(error) if isinstance(each, HfHubHTTPError)), None)


@contextmanager
def errors(repository: str, verb: Verb, kind: Kind = "dataset") -> Generator[None]:
    """Turn the Hub client's exceptions into errors that say what to do."""
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, HFValidationError

    try:
        yield
    except (HfHubHTTPError, HFValidationError, EntryNotFoundError, ConnectionError, _transport()) as error:
        raise translated(Asked(repository, verb, kind), error) from error


def translated(asked: Asked, error: Exception) -> VtgError:
    """The error for the user that stands for an exception of the Hub's client.

    An exception of which the client says nothing about a server or a line is told in its own words too: what the client
    does with an answer that it did not expect is no mistake of ours.
    """
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    ours = next((each for each in chain(error) if isinstance(each, VtgError)), None)
    if ours is not None:
        return ours
    if isinstance(error, HFValidationError):
        return VtgError(
            f"{asked.repository}: no name that the Hub takes ({error}). Write ./{asked.repository} for a folder."
        )
    if (refused := http_error(error)) is not None:
        return _refusal(asked, refused)
    lost = next((each for each in chain(error) if isinstance(each, _transport() | ConnectionError)), None)
    if lost is not None or isinstance(error, LocalEntryNotFoundError):
        # LocalEntryNotFoundError: the file could not be requested, so whether it exists is unknown.
        return _unreachable(asked, lost or error)
    if isinstance(error, OSError) and error.errno is not None:
        place = f"{error.filename}: " if error.filename else ""
        return VtgError(f"{place}{error.strerror}. Free or name another place, and {asked.verb} again.")
    said = _line(str(error)) or type(error).__name__
    return VtgError(
        f"{asked.repository}: the Hub's client gave up ({type(error).__name__}: {said}). "
        f"{asked.verb.capitalize()} again; if that ends so too, HF_ENDPOINT may not name a Hub."
    )


def _transport() -> type[Exception]:
    """The base class of the errors of the client's HTTP library, which has changed before: that of the client's own."""
    from huggingface_hub.errors import HfHubHTTPError

    return cast(type[Exception], HfHubHTTPError.__mro__[1])


def redacted(text: str) -> str:
    """A message of the Hub, or of a proxy before it, without the token and other credentials, which some repeat."""
    from huggingface_hub import get_token

    token = get_token()
    return safe(text.replace(token, MASK) if token else text)


def _line(text: str) -> str:
    """The first lines of a text as one, short and without the token."""
    lines = [line.strip() for line in redacted(text).strip().splitlines() if line.strip()]
    joined = " ".join(lines)
    return joined if len(joined) <= MOST_WORDS else f"{joined[:MOST_WORDS]}..."


def _unreachable(asked: Asked, error: BaseException) -> VtgError:
    instead = ", or push to ./FOLDER" if asked.verb == "push" else ""
    said = _line(str(error)) or type(error).__name__
    return VtgError(
        f"{asked.repository}: the Hub cannot be reached ({said}). {asked.verb.capitalize()} again when it can{instead}."
    )


def _refusal(asked: Asked, error: Any) -> VtgError:
    status, code = int(error.response.status_code), error.response.headers.get("X-Error-Code") or ""
    said = _line((error.server_message or str(error)).strip().partition("\n")[0])
    repository = asked.repository
    if status == 412:
        return Conflict(
            f"{repository}: somebody else changed it while we were pushing ({said}). Nothing of ours is visible; "
            "look at what they did, then push again."
        )
    if status == 409:
        return Conflict(f"{repository}: {said}. Look at its tags and history, then push again.")
    told = f"{repository}: the Hub answered {status} ({said})."
    if (advice := _advice(asked, status, code, said)) is not None:
        return EndpointRefused(f"{told} {advice}")
    if status in _REFUSED:
        return VtgError(f"{told} It will say so again: mend what it names, then {asked.verb} again.")
    return VtgError(f"{told} {asked.verb.capitalize()} again later.")


def _advice(asked: Asked, status: int, code: str, said: str) -> str | None:
    """What to do about a refusal for good; None where another try may help."""
    advice = _STATUS.get(status)
    by_code = next((each for each in MEANINGS if code and each.code == code), None)
    meaning = by_code or next((each for each in MEANINGS if each.words.search(said)), None)
    if status == 403 or by_code is not None:
        advice = getattr(meaning, asked.verb) if meaning else _TOKEN[asked.verb]
    return advice.format(page=asked.page, repository=asked.repository) if advice else None
