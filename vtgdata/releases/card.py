"""Cards: Markdown for people with YAML metadata for the Hub, filled only with what release.json says.

Templates are the Jinja2 files of `cards/`. Metadata is written by the card classes of huggingface_hub and their YAML
dumper, and table cells by `cell`, so no value can break out of its place.
"""

import html
import re
import shlex
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, cast

import yaml

from vtgdata.annotations import licences
from vtgdata.engine.money.prices import PICO, shown
from vtgdata.files import plugins
from vtgdata.releases import asked_models, card_metadata, croissant, licence_texts, plots, teacher_terms
from vtgdata.releases.columns import kind_of
from vtgdata.releases.document import Document
from vtgdata.releases.rebuild.record import RebuildRecord

_KINDS = {
    "samples": "one query about one video, with its moments",
    "coldstart": "a reasoning trace that was kept, with its sample",
    "difficulty": "how often a model was right about a sample, by one measure",
    "rollouts": "one answer of a model to one sample",
    "verdicts": "what a judge, another model, said of one answer",
    "rejected": "an answer of a teacher that became no trace, and why",
    "drops": "a raw row that became no sample, and why",
}


def dataset_card(document: Document, rebuild: RebuildRecord, texts: Collection[str]) -> str:
    """The dataset card of a release: metadata and Markdown.

    Args:
        document: its release.json.
        rebuild: what rebuilds it.
        texts: paths in it of the texts of licences.
    """
    return _render(
        "dataset.md.j2",
        card_metadata.of_dataset(document),
        release=document,
        rebuild=rebuild,
        texts=sorted(texts),
        missing_texts=licence_texts.missing(document, texts),
        licence_rows=licence_rows(document),
        changelog=changelog(document),
        command=command(document),
        kinds={config: _KINDS[kind_of(config)] for config in document.configs if kind_of(config) in _KINDS},
        tallies=tallies(document),
        columns=croissant.card_columns(document),
        plots=[(plots.title(name), plots.file_name(name)) for name in _pictures(document)],
    )


def _pictures(document: Document) -> list[str]:
    """The names of the card's pictures, in order."""
    return [*([plots.TIMELINES] if document.timelines else []), *document.figures]


def model_card(model: Any, pictures: Mapping[str, str] | None = None) -> str:
    """The card of a trained model, from what its model.json says (`push_model.ModelFile`).

    Args:
        model: its model.json.
        pictures: {path: title}.
    """
    return _render("model.md.j2", card_metadata.of_model(model), model=model, pictures=pictures or {})


def read_metadata(card: str) -> dict[str, Any]:
    """The metadata of a dataset card, checked by the Hub's rules as far as that is possible offline.

    Raises ValueError that says what is wrong.
    """
    head, separator, _ = card.removeprefix("---\n").partition("\n---\n")
    if not separator or not card.startswith("---\n"):
        raise ValueError("a card starts with YAML metadata between two `---` lines")
    loaded = yaml.safe_load(head)
    if not isinstance(loaded, dict):
        raise ValueError("a card's metadata is a mapping")
    metadata = cast(dict[str, Any], loaded)
    for key in ("pretty_name", "license", "task_categories", "tags", "size_categories", "configs"):
        if not metadata.get(key):
            raise ValueError(f"a card's metadata needs {key}")
    if metadata["license"] == "other" and not (metadata.get("license_name") and metadata.get("license_link")):
        raise ValueError("`license: other` needs license_name and license_link")
    if any(size not in card_metadata.SIZES for size in metadata["size_categories"]):
        raise ValueError(f"size_categories are {', '.join(card_metadata.SIZES)}")
    names = [config.get("config_name") for config in metadata["configs"]]
    if not all(names) or len(set(names)) != len(names):
        raise ValueError("every config needs a config_name of its own")
    if not all(
        file.get("split") and file.get("path") for config in metadata["configs"] for file in config["data_files"]
    ):
        raise ValueError("every data file needs a split and a path")
    return metadata


def licence_rows(document: Document) -> list[dict[str, Any]]:
    """One row per corpus and licence: corpus, licence (a Licence) and rows."""
    return [
        {"corpus": corpus, "licence": licences.find(identifier), "rows": rows}
        for corpus, facts in document.corpora.items()
        for identifier, rows in facts["licenses"].items()
    ]


def licences_page(document: Document, texts: Collection[str]) -> str:
    """The text of LICENSES.md: which licences the rows of each corpus have, and where their texts are.

    Args:
        document: the release's release.json.
        texts: paths in the release of the texts of licences.
    """
    flags = {True: "yes", False: "no", None: "unknown"}
    lines = [
        "# Licences",
        "",
        "Every row carries its licence in the column `license`. Videos are not part of this release.",
        "This table is a register kept by the tool's authors, not legal advice: read the licence itself.",
        "",
        "| corpus | licence | text | rows | non-commercial only | share alike | note |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in licence_rows(document):
        licence = row["licence"]
        named = licence.id if licence.known or licence.id == licences.UNVERIFIED else f"{licence.id} (unverified)"
        cells = (
            row["corpus"], named, licence.link, row["rows"], flags[licence.non_commercial],
            flags[licence.share_alike], licence.note,
        )  # fmt: skip
        lines.append("| " + " | ".join(cell(value) for value in cells) + " |")
    if texts:
        lines += ["", f"Texts that must travel with every copy: {', '.join(map(code, sorted(texts)))}."]
    lacking = licence_texts.missing(document, texts)
    if lacking:
        each = ", ".join(cell(f"{name} ({', '.join(corpora)})") for name, corpora in lacking.items())
        lines += ["", f"**Their texts must travel with every copy and are not here**: {each}."]
    return "\n".join(lines) + "\n"


def licence_files(document: Document) -> dict[str, licences.Licence]:
    """{path of a file in LICENSES/: licence}, one for each licence of the rows; no two share a name, in any letters."""
    held = {part for facts in document.corpora.values() for text in facts["licenses"] for part in licences.parts(text)}
    found = {licences.find(part).id: licences.find(part) for part in sorted(held)}
    files: dict[str, licences.Licence] = {}
    taken: set[str] = set()
    for name in sorted(found, key=lambda name: (_file_name(name), not found[name].known, name)):
        file, number = _file_name(name), 1
        while file.casefold() in taken:
            number += 1
            file = f"{_file_name(name)}-{number}"
        taken.add(file.casefold())
        files[f"LICENSES/{file}.txt"] = found[name]
    return files


def _file_name(name: str) -> str:
    return re.sub("[^A-Za-z0-9.-]+", "-", name).strip(".-")[:100] or "none"


def licence_notice(licence: licences.Licence) -> str:
    """The text of a file in LICENSES/: the licence's name, a link to its text, and its conditions."""
    flags = {True: "yes", False: "no", None: "unknown"}
    lines = [
        f"{licence.id}: {licence.name}",
        f"Text: {licence.link or 'not known'}",
        f"Notice must be kept: {flags[licence.attribution]}",
        f"Non-commercial only: {flags[licence.non_commercial]}",
        f"Share alike: {flags[licence.share_alike]}",
        *(["No adapted version may be passed on"] if licence.no_derivatives else []),
        f"Annotations may be passed on: {flags[licence.redistribution]}",
        *([f"Not for use in: {', '.join(licence.excluded)}"] if licence.excluded else []),
        *([licence.note] if licence.note else []),
    ]
    return "\n".join(" ".join(line.split()) for line in lines) + "\n"


def changelog_page(document: Document) -> str:
    """The text of the dataset's CHANGELOG.md: what each version added, removed and changed."""
    return f"# Changelog of {cell(document.name)}\n\n{changelog(document)}\n"


def changelog(document: Document) -> str:
    """One paragraph per version, newest first."""
    parts: list[str] = []
    for entry in document.history:
        lines = [f"**{entry['version']}**", ""]
        for config, counts in entry["changes"].items():
            words = ", ".join(f"{number:,} {what}" for what, number in counts.items() if number) or "nothing changed"
            lines.append(f"- `{config}`: {words}")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


class Tallies(NamedTuple):
    """How many rows have each value of a column (`corpus` is `shapes`, say), with the configs side by side."""

    configs: list[str]
    rows: list[tuple[str, str, list[int | None]]]
    """Column, value, and the number of rows in each config; None if a config has no such column."""


def tallies(document: Document) -> Tallies:
    """The counts of all configs in one table; columns and values in the order in which configs first have them."""
    configs = list(document.counts)
    pairs = {
        (c, value): None for counted in document.counts.values() for c, values in counted.items() for value in values
    }
    order = list(dict.fromkeys(column for column, _ in pairs))
    rows = [
        (column, value, [_tally(document.counts[config], column, value) for config in configs])
        for column, value in sorted(pairs, key=lambda pair: order.index(pair[0]))
    ]
    return Tallies(configs, rows)


def _tally(counted: Mapping[str, Mapping[str, int]], column: str, value: str) -> int | None:
    return counted[column].get(value, 0) if column in counted else None


def command(document: Document) -> str:
    """The `vtgdata release` command that made the release, one option a line; no backticks, so its code block holds."""
    words: list[str] = []
    for name, value in document.settings.items():
        option = "--split" if name == "splits" else f"--{name.replace('_', '-')}"
        words += [f"{option} {shlex.quote(item)}" for item in _items(value)]
    return " \\\n    ".join(["vtgdata release", *words, "--out DIR"]).replace("`", "")


def _items(value: Any) -> list[str]:
    """The values of an option, one for each time that it is given."""
    if isinstance(value, dict):
        return [f"{key}={file}" for key, file in cast(dict[str, str], value).items()]
    return [str(item) for item in cast(list[Any], value)] if isinstance(value, list) else [str(value)]


def count(value: int) -> str:
    """A whole number with commas between thousands.

    >>> count(12404)
    '12,404'
    """
    return f"{value:,}"


def cell(value: Any) -> str:
    r"""A value as one line of text in which nothing acts as markup or ends the table cell.

    >>> cell("a | ![b](javascript:c)")
    'a \\| !\\[b\\](javascript:c)'
    """
    return re.sub(r"([\\`*|\[\]])", r"\\\1", html.escape(" ".join(str(value).split()), quote=False))


def code(value: Any) -> str:
    """A value as code, also in a table: backticks are removed and `|` becomes a blank, since escapes would show."""
    return f"`{' '.join(str(value).replace('`', '').replace('|', ' ').split())}`"


def paid(amount: float | str | None) -> str:
    """US dollars in a card, with enough digits for small amounts; `-` where there is none.

    >>> paid(0.00142), paid(12.5), paid("unknown"), paid(None)
    ('$0.0014', '$12.50', 'unknown', '-')
    """
    return amount or "-" if amount is None or isinstance(amount, str) else shown(round(amount * PICO))


def _render(template: str, head: str, **values: Any) -> str:
    """A template filled with these values, below the YAML head."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(plugins.resources("cards")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown, not HTML: `cell` and `code` do it
    )
    environment.filters.update(  # pyright: ignore[reportUnknownMemberType]
        cell=cell, code=code, count=count, terms_words=teacher_terms.words,
        paid=paid, drawn_words=asked_models.drawn_words, frames_words=asked_models.frames_words,
    )  # fmt: skip
    body = environment.get_template(template).render(values)
    return f"---\n{head}---\n\n" + re.sub(r"\n{3,}", "\n\n", body)
