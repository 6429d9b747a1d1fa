"""Published numbers: the command that lists them, and the block that evaluate prints beside its scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from vtgdata.cli.options import Json
from vtgdata.cli.printing import line, percent, table, title

if TYPE_CHECKING:
    from vtgdata.metrics.anchors import Anchor, Anchors
    from vtgdata.metrics.neighbours import Neighbour, Neighbours

NOT_STATED = "not stated"


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the command."""
    del train, words
    app.command("anchors")(anchors)


def anchors(
    benchmark: Annotated[
        str, typer.Argument(help="A benchmark, or a corpus; without it, which there are.", show_default=False)
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Second-hand numbers too.")] = False,
    as_json: Json = False,
) -> None:
    """List numbers that others published, with label version, setting and source.

    Numbers on different labels are of different benchmarks. Where sources disagree, all are listed.
    """
    from vtgdata.metrics import anchors as published

    known = published.ours()
    names = _names(known, benchmark)
    found = {name: known.of(name, second_hand=everything) for name in names}
    if as_json:
        _as_json(known, found)
        return
    if not benchmark:
        _catalogue(known, found)
    for name in names if benchmark else ():
        _page(name, known.benchmarks[name].title, found[name])
    left_out = sum(len(known.of(name, second_hand=True)) - len(found[name]) for name in names)
    if left_out:
        print(f"{left_out:,} second-hand numbers are left out: --all shows them")


def _names(known: Anchors, wanted: str) -> list[str]:
    """The benchmarks that a user means: all, one by its name, or those whose samples a corpus has."""
    if not wanted:
        return list(known.benchmarks)
    of_corpus = [
        name
        for name, each in known.benchmarks.items()
        if any(place.corpus == wanted for places in each.samples.values() for place in places)
    ]
    return [wanted] if wanted in known.benchmarks or not of_corpus else of_corpus


def _as_json(known: Anchors, found: dict[str, list[Anchor]]) -> None:
    import json

    import msgspec

    said = {
        name: {
            "title": known.benchmarks[name].title,
            "samples": msgspec.to_builtins(known.benchmarks[name].samples),
            "anchors": msgspec.to_builtins(numbers),
        }
        for name, numbers in found.items()
    }
    print(json.dumps(said))


def _catalogue(known: Anchors, found: dict[str, list[Anchor]]) -> None:
    rows: list[list[str]] = []
    for name, numbers in found.items():
        versions = Counter(anchor.labels or NOT_STATED for anchor in numbers)
        labels = ", ".join(f"{version} {count:,}" for version, count in versions.items())
        rows.append([name, f"{len(numbers):,}", labels, known.benchmarks[name].title])
    table(["benchmark", "numbers", "labels", "what it is"], rows)
    print("its numbers: vtgdata anchors BENCHMARK")


def _page(name: str, called: str, found: Sequence[Anchor]) -> None:
    """Print the numbers of one benchmark: a table for each version of its labels, then settings and sources."""
    from vtgdata.metrics.setting_words import words

    print(f"{name}: {called}")
    notes = _Notes()
    for version in dict.fromkeys(anchor.labels for anchor in found):
        title(f"labels {version or NOT_STATED}, per cent")
        mine = [anchor for anchor in found if anchor.labels == version]
        _numbers([], [_Cell.of(a, ", ".join(words(a.setting).values()) or NOT_STATED) for a in mine], notes)
    notes.show("settings")


def show(published: Sequence[Neighbours]) -> None:
    """Print published numbers beside ours, a table for each version of labels; or why there is none."""
    notes = _Notes()
    for each in published:
        if each.why:
            named = f"{each.corpus} {each.split}".rstrip()
            line(f"no published numbers beside {named}, labels {each.label_version}: {each.why}")
        else:
            _beside(each, notes)
    notes.show("differs from here")


def _beside(each: Neighbours, notes: _Notes) -> None:
    title(f"published on the same labels: {each.benchmark}, labels {each.label_version}, per cent")
    ours = [(f"here: {_short(one.model)}", one.metrics) for one in each.ours]
    _numbers(ours, [_Cell.of(one, _difference(one)) for one in each.published], notes)
    if each.part:
        line(each.part)
    if each.second_hand:
        line(f"{each.second_hand:,} second-hand numbers are left out: vtgdata anchors {each.benchmark} --all")


def _difference(one: Neighbour) -> str:
    unknown = f"{NOT_STATED}: {', '.join(one.not_stated)}" if one.not_stated else ""
    return "; ".join(part for part in (", ".join(one.differs), unknown) if part) or "nothing that is stated"


def _short(name: str) -> str:
    return name if len(name) <= 40 else "..." + name[-37:]


class _Cell(NamedTuple):
    """One published number in a table."""

    model: str
    metric: str
    value: float
    setting: str
    """In words."""
    source: str
    """With its link and confidence."""

    @classmethod
    def of(cls, number: Anchor | Neighbour, setting: str) -> _Cell:
        title = getattr(number, "title", number.source)
        link = f", {number.link}" if number.link else ""
        return cls(number.model, number.metric, number.value, setting, f"{title}{link} ({number.confidence})")


class _Notes:
    """Texts that many rows of a table share, each said once below it: letters for settings, numbers for sources."""

    def __init__(self) -> None:
        self.settings: list[str] = []
        self.sources: list[str] = []

    def mark(self, cell: _Cell) -> tuple[str, str]:
        """The marks of a number's setting and source."""
        for text, texts in ((cell.setting, self.settings), (cell.source, self.sources)):
            if text not in texts:
                texts.append(text)
        return _letter(self.settings.index(cell.setting)), str(self.sources.index(cell.source) + 1)

    def show(self, settings: str) -> None:
        """Print the texts, under a name for the settings."""
        _listed(settings, ((_letter(i), text) for i, text in enumerate(self.settings)))
        _listed("sources", ((str(i + 1), text) for i, text in enumerate(self.sources)))


def _letter(number: int) -> str:
    """The letter of a setting, with another one where the alphabet ends.

    >>> _letter(0), _letter(25), _letter(26)
    ('a', 'z', 'aa')
    """
    first = "" if number < 26 else _letter(number // 26 - 1)
    return first + chr(ord("a") + number % 26)


def _listed(name: str, texts: Iterable[tuple[str, str]]) -> None:
    marked = list(texts)
    indent = " " * (max((len(mark) for mark, _ in marked), default=0) + 4)
    if marked:
        print(f"{name}:")
    for mark, text in marked:
        line(f"  {mark}".ljust(len(indent)) + text, indent)


class _Row(NamedTuple):
    """A row of a table: what one source states of one model in one setting."""

    model: str
    marks: tuple[str, str]
    """Of setting and source."""
    values: dict[str, float]
    """By metric."""


def _rows(cells: Sequence[_Cell], notes: _Notes) -> list[_Row]:
    """The rows of numbers, those of one model together; a second value of a metric begins a row of its own."""
    rows: list[_Row] = []
    for cell in cells:
        marks = notes.mark(cell)
        same = (row for row in rows if (row.model, row.marks) == (cell.model, marks) and cell.metric not in row.values)
        row = next(same, None)
        if row is None:
            row = _Row(cell.model, marks, {})
            rows.append(row)
        row.values[cell.metric] = cell.value
    order = list(dict.fromkeys(row.model for row in rows))
    return sorted(rows, key=lambda row: order.index(row.model))


def _numbers(ours: Sequence[tuple[str, dict[str, float | None]]], cells: Sequence[_Cell], notes: _Notes) -> None:
    """Print a table: ours first, then the published numbers; and which models have several values of one metric."""
    metrics = list(dict.fromkeys(cell.metric for cell in cells))
    rows = _rows(cells, notes)
    lines = [[name, *(percent(values.get(metric)) for metric in metrics), "", ""] for name, values in ours]
    lines += [[row.model, *(_as_published(row.values.get(metric)) for metric in metrics), *row.marks] for row in rows]
    table(["model", *metrics, "setting", "source"], lines)
    _several(rows)


def _as_published(value: float | None) -> str:
    """A fraction as per cent, with as many decimals as were published, but at least one.

    >>> _as_published(0.4365), _as_published(0.5), _as_published(None)
    ('43.65', '50.0', '-')
    """
    if value is None:
        return "-"
    whole, _, decimals = f"{100 * value:.6f}".partition(".")
    return f"{whole}.{decimals.rstrip('0') or '0'}"


def _several(rows: Sequence[_Row]) -> None:
    """Print the models that are published with several values of one metric."""
    stated: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        for metric, value in row.values.items():
            stated.setdefault((row.model, metric), []).append(value)
    for (model, metric), values in stated.items():
        if len(set(values)) > 1:
            line(f"published with several values: {model}, {metric} {', '.join(map(_as_published, sorted(values)))}")
