"""Whether the model that a server says has answered is the one that was asked for."""

import re

_ASIDE = re.compile(r"(@[\w.]+|:(free|latest|nitro|floor|beta)|\.(gguf|safetensors))+$")
"""What follows a name without making it another model: a revision, a gateway's variant, the kind of a file."""
_DATED = re.compile(
    r"([-@:_.]v?(\d{3,}([-.]\d{2}){0,2}|\d{2}-\d{2}(-\d{2,4})?|\d{1,2}-20\d\d)|[-:](latest|preview|exp))*"
)
"""What a server adds to a name to say which version of the model it is: a date or a number of three digits."""


def same_model(asked: str, answered: str) -> bool:
    """Whether two names are one model's: one has a folder or provider in front, or a date or version after it.

    An empty name says nothing, so it is no other model.

    >>> same_model("org/Tiny", "tiny-2026-01-01"), same_model("gpt-4o", "gpt-4o-mini"), same_model("gpt-4", "gpt-4.1")
    (True, False, False)
    """
    one, other = _plain(asked), _plain(answered)
    if not one or not other:
        return True
    # A gateway's variant (`:online`) is asked for and not said again; `:7b` is another size.
    (one, variant), (other, another) = _varied(one), _varied(other)
    if variant and another and variant != another:
        return False
    short, long = sorted((one, other), key=len)
    return long.startswith(short) and _DATED.fullmatch(long[len(short) :]) is not None


def _varied(name: str) -> tuple[str, str]:
    """A name and the word after its colon; the word is empty if there is none of letters alone."""
    bare, _, variant = name.rpartition(":")
    return (bare, variant) if bare and variant.isalpha() else (name, "")


def _plain(name: str) -> str:
    """A name in lower case, without what stands in front of it, a revision, or `-latest`."""
    last = re.split(r"[/\\]", name.strip().rstrip("/\\"))[-1].lower()
    return _ASIDE.sub("", last).removesuffix("-latest")
