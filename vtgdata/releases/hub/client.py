"""Releases on the Hub: makes a checked local copy of `org/name@tag`, and turns the Hub client's errors into advice."""

import re
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

from vtgdata import releases
from vtgdata.errors import Conflict, EndpointRefused, VtgError
from vtgdata.files import fingerprint
from vtgdata.files.whole import write_text
from vtgdata.releases.copy import put

_PINNED = re.compile(r"([\w-][\w.-]*/[\w-][\w.-]*)@(\w[\w.-]*)", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}\Z", re.ASCII)


class Fetched(NamedTuple):
    """The result of `fetch`."""

    written: bool
    """False if the folder already held the whole release."""
    commit: str
    """The commit that the tag names, in hex."""


def pinned(text: str) -> tuple[str, str] | None:
    """(repository, tag) of `org/name@tag`; None for anything else, and if there is a local folder of that name.

    >>> pinned("org/name@v1.0.0"), pinned("./org/name@v1.0.0"), pinned("org/name")
    (('org/name', 'v1.0.0'), None, None)
    """
    found = _PINNED.fullmatch(text)
    return (found[1], found[2]) if found and not Path(text).exists() else None


def endpoint() -> str:
    """The address of the Hub: `$HF_ENDPOINT` if it is set."""
    from huggingface_hub import HfApi

    return HfApi().endpoint


def local(text: str) -> str:
    """A folder that holds a release: the named folder, or for `org/name@tag` a checked copy in the user's cache.

    A tag never moves, so a complete copy is not downloaded again. Raises what `fetch` raises.
    """
    found = pinned(text)
    if found is None:
        return text
    folder, noted = _cached(*found)
    try:
        releases.open_release(str(folder)).check_all()
    except VtgError:
        noted.unlink(missing_ok=True)
    if not commit(text):
        write_text(noted, fetch(*found, folder).commit + "\n")
    return str(folder)


def commit(text: str) -> str:
    """The commit of the copy that `local` made of `org/name@tag`; empty for anything else."""
    found = pinned(text)
    try:
        said = _cached(*found)[1].read_text(encoding="utf-8").strip() if found else ""
    except (OSError, UnicodeDecodeError):
        return ""
    return said if _COMMIT.match(said) else ""


def _cached(name: str, tag: str) -> tuple[Path, Path]:
    """Folder of a copy, and the file that notes its commit: beside the folder, which may hold only the release."""
    folder = fingerprint.cache_folder() / "releases" / name.replace("/", "--") / tag
    return folder, folder.with_name(f".{tag}.commit")


def fetch(name: str, tag: str, folder: Path, *, replace: bool = False) -> Fetched:
    """Copy a release from the Hub to a folder, whole or not at all.

    All files come from the one commit that the tag names, and their hashes must match its release.json. Raises VtgError
    when they do not or the Hub cannot be reached, Conflict when the folder holds something else (which `replace` sets
    aside), Locked when another process writes to the folder, and EndpointRefused when the Hub denies access.
    """
    from huggingface_hub import HfApi

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as place:
        with errors(name, "pull"):
            commit = _download(HfApi(), name, tag, place)
        release = releases.open_release(place)
        release.check_all()
        written = put(release, folder, replace=replace)
    return Fetched(written=written, commit=commit)


def _download(client: Any, name: str, tag: str, place: str) -> str:
    """Download every file of a release at its tag into a folder; returns the commit."""
    from huggingface_hub.errors import RemoteEntryNotFoundError

    commit = str(client.repo_info(name, repo_type="dataset", revision=tag).sha)

    def get(file: str) -> str:
        return client.hf_hub_download(name, file, repo_type="dataset", revision=commit, local_dir=place)

    try:
        raw = Path(get(releases.NAME)).read_bytes()
        for file in sorted(releases.named(releases.read_document(raw, f"{name}@{tag}")) - {releases.NAME}):
            get(file)
    except RemoteEntryNotFoundError as error:
        said = _redacted(str(error)).splitlines()[0]
        raise VtgError(
            f"{name}@{tag}: a file of a release is missing there ({said}). Is it a dataset that `vtgdata push` made?"
        ) from error
    return commit


@contextmanager
def errors(repository: str, verb: str) -> Generator[None]:
    """Turn the Hub client's exceptions into errors that say what to do; `verb` is `push` or `pull`."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    # The client has changed its HTTP library before, so take that library's error class from the base of the client's.
    transport = cast(type[Exception], HfHubHTTPError.__mro__[1])
    try:
        yield
    except HFValidationError as error:
        raise VtgError(
            f"{repository}: no name that the Hub takes ({error}). Write ./{repository} for a folder."
        ) from error
    except HfHubHTTPError as error:
        raise _refusal(repository, verb, error.response.status_code, error.server_message or str(error)) from error
    except (transport, ConnectionError, LocalEntryNotFoundError) as error:
        # LocalEntryNotFoundError: the file could not be requested, so whether it exists is unknown.
        raise _unreachable(repository, verb, error) from error
    except RuntimeError as error:
        # Errors in an upload thread come wrapped in a RuntimeError.
        cause = error.__cause__
        if isinstance(cause, HfHubHTTPError):
            said = cause.server_message or str(cause)
            raise _refusal(repository, verb, cause.response.status_code, said) from error
        if isinstance(cause, transport | ConnectionError):
            raise _unreachable(repository, verb, cause) from error
        raise


def _redacted(text: str) -> str:
    """A message of the Hub, or of a proxy before it, without the token, which some servers repeat."""
    from huggingface_hub import get_token

    token = get_token()
    return text.replace(token, "[token]") if token else text


def _unreachable(repository: str, verb: str, error: BaseException) -> VtgError:
    instead = ", or push to ./FOLDER" if verb == "push" else ""
    said = _redacted(str(error))
    return VtgError(
        f"{repository}: the Hub cannot be reached ({said}). {verb.capitalize()} again when it can{instead}."
    )


def _refusal(repository: str, verb: str, status: int, said: str) -> VtgError:
    said = _redacted(said).strip().partition("\n")[0]
    if status == 412:
        return Conflict(
            f"{repository}: somebody else changed it while we were pushing ({said}). Nothing of ours is visible; "
            "look at what they did, then push again."
        )
    if status == 409:
        return Conflict(f"{repository}: {said}. Look at its tags and history, then push again.")
    advice = {
        401: "The token is missing or wrong: run `hf auth login`, or set HF_TOKEN.",
        403: "The token may not do that there: make one with write access to it, or choose another name.",
        404: "There is no such repository, tag or owner for this token: see to its spelling and your rights.",
    }.get(status)
    if advice:
        return EndpointRefused(f"{repository}: the Hub answered {status} ({said}). {advice}")
    return VtgError(f"{repository}: the Hub answered {status} ({said}). {verb.capitalize()} again later.")
