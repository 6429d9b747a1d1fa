"""Text that came from outside (a file, a server, a release, the environment) before it is shown or kept.

`shown` makes characters visible that would drive a terminal or add a line; `masked` takes out credentials. What is
printed goes through both, by `safe`.
"""

import base64
import functools
import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, TextIO, cast
from urllib.parse import quote, unquote

import msgspec

from vtgdata.errors import VtgError

LAYOUT = "\n\t"
"""Control characters that text of several lines may contain."""
MASK = "[secret]"
"""What stands in the place of a credential."""
_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
"""Characters that move the cursor, set colours, change the direction of writing, are not to be seen, or cannot be
encoded. The joiners of Persian and of emoji are none of them."""
_LOGIN = re.compile(r"(?<=://)[^\s/?#\"'<>\\]*@")
"""User and password in an address; the password may itself hold an `@`."""
_PARAMETER = re.compile(
    r"([?&;](?:[\w.-]*(?:token|secret|signature|credential|passw(?:or)?d|pwd|api[_-]?key|access[_-]?key|key-pair-id)"
    r"|key|sig|auth|policy|session)=)[^&;#\s\"'<>\\]+",
    re.IGNORECASE,
)
"""A credential in the query of an address, as signed links have it."""
_HEADER = re.compile(r"(\b(?:Bearer|Basic)\s+)(?=\S*\d)[A-Za-z0-9+/=._~-]{12,}")
"""What follows `Authorization:`, but not `Basic gymnastics`."""
_ISSUED = re.compile(
    r"\b(?:hf_[A-Za-z0-9]{30,}|sk-[A-Za-z0-9_-]{32,}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{40,}|AIza[\w-]{35}"
    r"|xox[bp]-[A-Za-z0-9-]{20,}|AKIA[A-Z0-9]{16})\b"
)
"""Keys as the usual services issue them."""
_SECRET_NAME = re.compile(
    r"key(?!board)|token(?!izers)|secret|passw|passphrase|credential|_p(?:at|wd)\b|(?<![a-z])(?:auth(?!or)|creds?\b)",
    re.IGNORECASE,
)
"""Names of variables whose values are credentials."""
_LEAST = 8
"""Fewest characters of a credential that is looked for by itself: a short one, as `none`, would mangle sentences."""


def shown(text: str, keep: str = "") -> str:
    r"""A text with the characters that a terminal obeys replaced by escapes, except those in `keep`.

    >>> shown("red \x1b[31m")
    'red \\x1b[31m'
    """
    return _CONTROLS.sub(lambda c: c[0] if c[0] in keep else c[0].encode("unicode_escape").decode(), text)


def masked(text: str) -> str:
    """A text without credentials: logins and signatures in addresses, and the values of this process's own variables.

    >>> masked("no: http://bob:word@host/v1?token=abc&n=1")
    'no: http://[secret]@host/v1?token=[secret]&n=1'
    """
    text = _ISSUED.sub(MASK, _HEADER.sub(rf"\1{MASK}", without_logins(text)))
    for credential in own_credentials():
        text = text.replace(credential, MASK)
    return text


def own_credentials() -> tuple[str, ...]:
    """The credentials in this process's variables, in every form in which they may be repeated, the longest first."""
    return _credentials(tuple(os.environ.items()))


def safe(text: str, keep: str = LAYOUT) -> str:
    """A text that may be printed: `masked`, then `shown`."""
    return shown(masked(text), keep)


def json_line(value: Any) -> str:
    """A value as one line of JSON that may be printed: characters that a terminal obeys are JSON's own escapes."""
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # the name of a file need not be UTF-8
        text = json.dumps(msgspec.to_builtins(value))
    return masked(_CONTROLS.sub(lambda c: json.dumps(c[0])[1:-1], text))


def order(output: TextIO, text: str) -> None:
    """Write a text of ours that drives the terminal, also to an output that is guarded against all others."""
    getattr(output, "order", output.write)(text)


def address(url: str) -> str:
    """An address without login and query, for what is stored or printed on purpose.

    >>> address("https://bob:word@mirror.example/hub?token=abc")
    'https://mirror.example/hub'
    """
    return re.split(r"[?#]", masked(url), maxsplit=1)[0].replace(f"{MASK}@", "")


def without_logins(text: str) -> str:
    """A text without the logins and signatures of addresses in it, for what annotations say; all else stays.

    >>> without_logins("https://bob:word@host/a.mp4?token=abc"), without_logins("a: b@c")
    ('https://[secret]@host/a.mp4?token=[secret]', 'a: b@c')
    """
    return _PARAMETER.sub(rf"\1{MASK}", _LOGIN.sub(f"{MASK}@", text)) if "://" in text else text


def values_without_logins(value: Any) -> Any:
    """A JSON-like value in which every text, keys too, is `without_logins`."""
    if isinstance(value, str):
        return without_logins(value)
    if isinstance(value, dict):
        return {
            values_without_logins(key): values_without_logins(inner)
            for key, inner in cast(dict[Any, Any], value).items()
        }
    if isinstance(value, list | tuple):
        return [values_without_logins(inner) for inner in cast(list[Any], value)]
    return value


def refuse_unstorable(settings: Mapping[str, Any], command: str) -> None:
    """Raise VtgError when settings cannot be stored: a name is not UTF-8, or one is a credential.

    Args:
        settings: {name: value}, of any depth.
        command: the command's name, for the message.
    """
    try:
        msgspec.json.encode(settings)
    except UnicodeEncodeError as error:
        raise VtgError(f"`vtgdata {command}`: a name is not UTF-8 ({error.reason}); rename the file.") from error
    refuse_credentials(settings, command)


def refuse_credentials(settings: Mapping[str, Any], command: str) -> None:
    """Raise VtgError when a setting holds a credential: settings are stored with what they made.

    Args:
        settings: {name: value}, of any depth.
        command: the command's name, for the message.
    """
    for name, value in settings.items():
        for text in _texts(value):
            if masked(text) != text:
                raise VtgError(
                    f"`vtgdata {command}`: --{name.replace('_', '-')} {safe(text, '')!r}: has a password or a key in "
                    "it, which would be stored with the results. Leave it out; keys belong in variables, such as "
                    "HF_TOKEN and VTGDATA_API_KEY."
                )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in cast(dict[Any, Any], value).items():
            yield from (*_texts(key), *_texts(inner))
    elif isinstance(value, list | tuple):
        for inner in cast(list[Any], value):
            yield from _texts(inner)


@functools.lru_cache(maxsize=8)
def _credentials(variables: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    found = {text for name, value in variables if len(value) >= _LEAST for text in _of_variable(name, value)}
    return tuple(sorted((text for text in found if len(text) >= _LEAST), key=lambda text: (-len(text), text)))


def _of_variable(name: str, value: str) -> Iterator[str]:
    """The credentials in a variable, as they are and as they may be repeated."""
    # A variable may also name the file that holds the key.
    if _SECRET_NAME.search(name) and not os.path.exists(value):  # noqa: PTH110 (never raises)
        yield from _written(value.strip())
    for each in value.split():
        # Of a proxy the scheme may be missing; any other `name@host` is an address of mail.
        before, at, _ = each.rpartition("@")
        if at and ("://" in each or name.lower().endswith("_proxy")):
            user, _, password = (login := before.rpartition("://")[2]).partition(":")
            for text in (login, password, unquote(password)):
                yield from _written(text)
            yield base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
        if "://" in each:
            yield from (part.partition("=")[2] for part in re.split("[?&;]", each) if _PARAMETER.match(f"?{part}"))


def _written(secret: str) -> tuple[str, ...]:
    """A credential in the forms in which addresses, JSON and messages write it."""
    return secret, quote(secret, safe=""), json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]
