"""SPDX licence expressions: `MIT`, `CC-BY-4.0 AND LicenseRef-Charades`, `(MIT OR Apache-2.0) AND ODbL-1.0`.

The library `license-expression` knows the grammar and the ids; it is loaded only for what a user writes and for
expressions that are more than ids joined by AND, since most files have one id for all rows.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

from vtgdata.annotations.licence_register import BY_HUB, BY_ID, UNVERIFIED
from vtgdata.errors import VtgError

_OWN = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+\Z")
_COMPLEX = re.compile(r"[()]|\s(?:or|with)\s", re.IGNORECASE)
_OR = re.compile(r"\sor\s", re.IGNORECASE)
_IDLE = {"license", "licence", "the", "version", "international", "unported", "generic", "public"}
"""Words of a licence's name that its id does not have."""
_NAMES = {
    "creative-commons": "cc", "attribution": "by", "noncommercial": "nc", "non-commercial": "nc", "sharealike": "sa",
    "share-alike": "sa", "noderivatives": "nd", "noderivs": "nd", "no-derivatives": "nd", "no-derivs": "nd",
}  # fmt: skip
_WORDS = re.compile(r"[a-z0-9.+]+")


class Choice(NamedTuple):
    """Licences joined by one word: all hold (`AND`), or the user chooses one (`OR`)."""

    word: Literal["AND", "OR"]
    of: tuple[str, ...]


def parts(expression: str) -> tuple[str, ...]:
    """The expressions that hold at once, each in its own spelling; one that cannot be parsed is a part of its own.

    >>> parts("MIT AND CC-BY-4.0"), parts("(MIT OR ISC) AND CC-BY-4.0")
    (('MIT', 'CC-BY-4.0'), ('MIT OR ISC', 'CC-BY-4.0'))
    """
    if not _COMPLEX.search(expression):
        return tuple(part.strip() for part in expression.split(" AND ") if part.strip())
    found = split(expression)
    return found.of if found is not None and found.word == "AND" else (expression.strip(),)


def split(expression: str) -> Choice | None:
    """The outermost AND or OR of an expression; None for a single licence, or where it cannot be parsed."""
    try:
        tree = _tree(expression)
    except ValueError:
        return None
    word = type(tree).__name__
    if word not in ("AND", "OR"):
        return None
    return Choice("AND" if word == "AND" else "OR", tuple(_plain(each) for each in tree.args))


def without_exception(expression: str) -> str:
    """The licence of `LICENCE WITH EXCEPTION`: an exception only adds permissions."""
    return re.split(r"\s+with\s+", expression, maxsplit=1, flags=re.IGNORECASE)[0].strip()


def joined(expressions: Iterable[str]) -> str:
    """The expression under which all of these hold, each part once, in their order.

    >>> joined(["MIT", "MIT OR ISC", "MIT AND CC0-1.0"])
    'MIT AND (MIT OR ISC) AND CC0-1.0'
    """
    found = list(dict.fromkeys(part for text in expressions for part in parts(text)))
    alone = len(found) == 1
    return " AND ".join(
        part if alone or not re.search(r"\sor\s", part, re.IGNORECASE) else f"({part})" for part in found
    )


def checked(expression: str, option: str = "--license") -> str:
    """A user's expression as it is; raises VtgError, with the id that was probably meant, when it is not one of SPDX.

    An id in other letters than SPDX's stays as the user wrote it.
    """
    text = expression.strip()
    try:
        ids = _ids(_tree(text))
    except ValueError as error:
        raise _refused(option, text, suggestion(text), str(error)) from error
    wrong = [name for name in ids if not _known(name)]
    if wrong:
        raise _refused(option, text, _mended(text, wrong), f"{wrong[0]!r} is no SPDX id")
    return text


def _refused(option: str, text: str, meant: str | None, why: str) -> VtgError:
    clause = f"did you mean {meant!r}? " if meant else ""
    return VtgError(
        f"{option} {text!r}: no licence expression of SPDX ({why}); {clause}Ids are listed at "
        "https://spdx.org/licenses; a licence of its own is LicenseRef-NAME, one that nobody stated "
        "LicenseRef-unstated."
    )


def _mended(text: str, wrong: Sequence[str]) -> str | None:
    """The expression with each wrong id replaced by the one that was probably meant; None where one has none."""
    for name in wrong:
        meant = suggestion(name)
        if meant is None:
            return None
        text = text.replace(name, meant)
    return text


def suggestion(text: str) -> str | None:
    """The SPDX id that a text probably means, or None.

    >>> suggestion("CC BY 4.0"), suggestion("Apache License, Version 2.0"), suggestion("odc-by")
    ('CC-BY-4.0', 'Apache-2.0', 'ODC-By-1.0')
    """
    folded = _folded(text)
    known = _by_folded()
    if folded in known or not folded:
        return known.get(folded)
    versions = [name for name in known if re.fullmatch(re.escape(folded) + r"-\d+(\.\d+)*", name)]
    if versions:
        return known[max(versions)]
    near = difflib.get_close_matches(folded, known, n=1, cutoff=0.75)
    return known[near[0]] if near else None


def _folded(text: str) -> str:
    """A licence's name or id in one spelling: `cc-by-nc-4.0` for "Creative Commons Attribution-NonCommercial v4.0"."""
    words = [re.sub(r"^v(?=\d)", "", word.strip(".")) for word in _WORDS.findall(text.lower())]
    folded = "-".join(word for word in words if word and word not in _IDLE)
    for name, short in _NAMES.items():
        folded = folded.replace(name, short)
    return folded


@cache
def _by_folded() -> dict[str, str]:
    """{id in one spelling: SPDX id}, of SPDX's list, of the Hub's and of our own register."""
    found = {_folded(name): name for name, symbol in _licensing().known_symbols.items() if _is_listed(name, symbol)}
    return (
        found | {_folded(hub): name for hub, name in BY_HUB.items()} | {_folded(name): BY_ID[name].id for name in BY_ID}
    )


def _is_listed(name: str, symbol: Any) -> bool:
    return not symbol.is_exception and not name.startswith("LicenseRef-")


def _known(name: str) -> bool:
    if _OWN.match(name) or name == UNVERIFIED:
        return True
    symbol = _licensing().known_symbols.get(name)
    return symbol is not None and _is_listed(name, symbol)


def _ids(tree: Any) -> list[str]:
    """The ids of all licences of an expression, without exceptions (`WITH ...`)."""
    return [symbol.license_symbol.key if hasattr(symbol, "license_symbol") else symbol.key for symbol in tree.symbols]


def _plain(tree: Any) -> str:
    """An expression as text, without brackets around the whole."""
    return tree.render("{symbol.key}")


def _tree(expression: str) -> Any:
    """The parsed expression; raises ValueError that says what is wrong."""
    import license_expression  # pyright: ignore[reportMissingTypeStubs]

    try:
        tree = _licensing().parse(expression, validate=False)
    except (license_expression.ExpressionError, license_expression.ParseError) as error:
        raise ValueError(" ".join(str(error).split())) from error
    if tree is None:
        raise ValueError("it is empty")
    return tree


@cache
def _licensing() -> Any:
    import license_expression  # pyright: ignore[reportMissingTypeStubs]

    return license_expression.get_spdx_licensing()
