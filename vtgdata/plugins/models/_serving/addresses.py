"""Opening servers: their addresses, the key, a proxy on the way, and the only model of one."""

import os
import urllib.request
from urllib.parse import urlsplit

import msgspec

from vtgdata.errors import EndpointRefused, VtgError
from vtgdata.files.outside_text import MASK
from vtgdata.plugins.models._serving import streams
from vtgdata.plugins.models._serving.reply import models
from vtgdata.plugins.models._serving.said import verdict
from vtgdata.plugins.models._serving.server import Failed


def shown(url: str) -> str:
    """A server's address in a form that may be shown and stored: without user, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


def without(text: str, secret: str) -> str:
    """A text without a key that is known, which some servers repeat."""
    # A short key like 'none' or 'EMPTY' is not secret, and replacing it would mangle sentences.
    return text.replace(secret, MASK) if len(secret) >= 8 else text


def proxy(url: str) -> str:
    """The proxy that requests to this address go through, as its variable and address without a password; else empty.

    The client takes it from the environment (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY).
    """
    parts = urlsplit(url)
    if not parts.hostname or urllib.request.proxy_bypass(parts.netloc):
        return ""
    known = urllib.request.getproxies()
    for name in (parts.scheme, "all"):
        if address := known.get(name):
            bare = address if "//" in address else f"http://{address}"
            try:
                return f"{name.upper()}_PROXY={shown(bare)}"
            except ValueError:
                return f"{name.upper()}_PROXY"
    return ""


def _bad_proxy(url: str) -> str:
    """The proxy for an address that could be opened without it; empty if the address itself is at fault."""
    import openai

    try:
        http = openai.DefaultHttpxClient(verify=False, trust_env=False)
        openai.OpenAI(base_url=url, api_key="none", http_client=http).close()
        return proxy(url) or "a proxy in the environment"
    except Exception:  # of any type, as the HTTP library raises for an address that is none
        return ""


def check(url: str) -> None:
    """Raise VtgError unless this is the base URL of a server without a secret in it: it is stored with the results."""
    import openai

    # Show only the part after an @, so that not even a malformed URL shows a password.
    safe, wrong = url.rpartition("@")[2].partition("?")[0], None
    try:
        parts = urlsplit(url)
        if "@" in parts.netloc:
            raise VtgError(
                f"--endpoint {safe!r}: has a user name or a password in front, which would be stored with the results. "
                "Leave it out, and put the key in VTGDATA_API_KEY."
            )
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
            wrong = "not the address of a server"
    except ValueError:
        wrong = "not the address of a server"
    if wrong is None and ("?" in url or "#" in url or any(c.isspace() or not c.isprintable() for c in url)):
        wrong = "has a blank, a `?` or a `#`"
    if wrong is None:
        try:
            # No request is sent here, so skip reading the certificates, which takes 20 ms.
            http = openai.DefaultHttpxClient(verify=False)
            openai.OpenAI(base_url=url, api_key="none", http_client=http).close()
        except Exception as error:
            # The client's HTTP library raises its own exceptions for bad host names; it is no dependency of ours.
            wrong = str(error)
            if through := _bad_proxy(url):
                raise VtgError(
                    f"{through}: requests to {safe} go through this proxy, and it cannot be used "
                    f"({wrong.rstrip('.')}). Mend the variable, or name the server's host in NO_PROXY."
                ) from None
    if wrong is not None:
        raise VtgError(f"--endpoint {safe!r}: {wrong}. Write a base URL, as in http://localhost:8000/v1.")


def api_key() -> str:
    """The API key from the environment, `none` if there is none; raises VtgError if it cannot be sent."""
    for name in ("VTGDATA_API_KEY", "OPENAI_API_KEY"):
        if key := os.environ.get(name):
            if not (key.isascii() and key.isprintable()) or " " in key:
                raise VtgError(
                    f"{name} holds a character that no key has (a blank, a line break, or one outside ASCII). Copy the "
                    "key again."
                )
            return key
    return "none"


def only_model(url: str, key: str, timeout: float) -> str:
    """The name of the only model that a server has; raises VtgError unless there is exactly one.

    Raises EndpointRefused when the server refuses for good.
    """
    import openai

    content = b""
    try:
        with openai.OpenAI(base_url=url, api_key=key, max_retries=0, timeout=timeout) as client:
            content = client.models.with_raw_response.list().content
        names = models(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _raise_refusal(url, key, 200, content)
        raise VtgError(
            f"{shown(url)}: what it says of its models is no list of them ({error}). See that the URL ends in /v1, or "
            "name the model, as in openai_api:NAME."
        ) from None
    except openai.APIStatusError as error:
        _raise_refusal(url, key, error.status_code, error.response.content)
        raise VtgError(without(f"{shown(url)}: no models can be listed ({error}). Name the model.", key)) from None
    except openai.APIError as error:
        raise VtgError(f"{shown(url)}: no models can be listed ({error}). Is the server up?") from None
    if len(names) != 1:
        raise VtgError(
            f"{shown(url)} serves {len(names)} models; name one as in openai_api:NAME. It has: {', '.join(names)}"
        )
    return names[0]


def _raise_refusal(url: str, key: str, status: int, content: bytes) -> None:
    """Raise EndpointRefused if a response without a list of models refuses in words about the account."""
    try:
        found = verdict(status, streams.document(content), {})
    except streams.NoJson:
        found = verdict(status, content.decode(errors="replace"), {})
    if isinstance(found, Failed) and found.kind == "account":
        raise EndpointRefused(without(f"{shown(url)}: {found.advice}", key))
