"""A page as one HTML file that needs nothing else: style and program inside, allowed by their hashes alone."""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, cast

import msgspec

from vtgdata.files import outside

HERE = Path(__file__).parent
SCRIPTS = (
    "dom.js",
    "data.js",
    "plots.js",
    "timeline.js",
    "table.js",
    "sample.js",
    "review.js",
    "overview.js",
    "main.js",
)
"""The program, in the order in which its parts are read."""
STYLE = "page.css"


@cache
def style() -> str:
    """The style sheet."""
    return outside.read_text(HERE / STYLE)


@cache
def program() -> str:
    """The program of a page: one function, so that no name of it can be reached from outside."""
    parts = [outside.read_text(HERE / name) for name in SCRIPTS]
    return "(() => {\n'use strict';\n" + "\n".join(parts) + "\n})();\n"


def allowed(text: str) -> str:
    """A source of a content security policy: exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(*more: str) -> str:
    """The content security policy: this style and this program, pictures that lie in the page, and nothing else."""
    rules = (
        "default-src 'none'", f"script-src {allowed(program())}", f"style-src {allowed(style())}",
        "base-uri 'none'", "form-action 'none'", *(more or ("img-src data:",)),
    )  # fmt: skip
    return "; ".join(rules)


def json_script(value: Any) -> str:
    """JSON that may stand in a script element: no `<` of it can end the element."""
    return msgspec.json.encode(value).decode().replace("<", "\\u003c").replace("\u2028", "\\u2028")


def _json_pieces(value: Any) -> Iterator[str]:
    """The same for an object, value by value: together they are the longest part of a page."""
    if not isinstance(value, dict):
        yield json_script(value)
        return
    mark = "{"
    for name, each in cast(dict[str, Any], value).items():
        yield f"{mark}{json_script(name)}:"
        yield from _json_pieces(each)
        mark = ","
    yield "}" if value else "{}"


def pieces(facts: Any, table: Any, details: Iterable[Any], title: str, rules: str) -> Iterator[str]:
    """The page, piece by piece.

    Args:
        facts: what the page says at once; JSON values.
        table: of all samples; None where a server gives rows.
        details: of some samples, a JSON object each; the place of each is said by `facts["detailed"]`.
        title: the page's title.
        rules: its content security policy.
    """
    import jinja2
    from markupsafe import Markup

    marks = ("\u0000table\u0000", "\u0000details\u0000")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    page = environment.get_template("page.html.j2").render(
        title=title, policy=rules, style=Markup(style()), program=Markup(program()),
        facts=Markup(json_script(facts)), table=Markup(marks[0]), details=Markup(marks[1]),
    )  # fmt: skip
    before, _, rest = page.partition(marks[0])
    between, _, after = rest.partition(marks[1])
    yield before
    yield from _json_pieces(table)
    yield between
    for number, each in enumerate(details):
        yield ("\n" if number else "") + json_script(each)
    yield after


MARK = '<meta name="generator" content="vtgdata report">'
"""Says, in the head of a page, who wrote it."""


def is_ours(path: Path) -> bool:
    """Whether a file is a page that `vtgdata report` wrote."""
    with outside.opened(path) as file:
        return MARK.encode() in file.read(20_000)
