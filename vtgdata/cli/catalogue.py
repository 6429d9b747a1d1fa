"""Commands about corpora: the catalogue, and ingest."""

import json
from typing import Annotated, Any

import typer

from vtgdata.cli.app import relative, stage
from vtgdata.cli.options import Json
from vtgdata.cli.show import again, counts, table


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del train
    app.command("corpora")(corpora)
    stage(app, words, "ingest", ingest)


def ingest(summary: dict[str, Any]) -> None:
    """Read a corpus's files into samples and drops.

    Repairs what can be repaired and keeps every row, or the reason why not.
    """
    print(
        f"{summary['corpus']}: {summary['rows']:,} rows read = {summary['samples']:,} samples "
        f"+ {summary['drops']:,} drops{again(summary)}"
    )
    counts("repaired", summary["repairs"])
    counts("dropped", summary["reasons"])
    for split, facts in summary.get("published", {}).items():
        print(_published(split, facts))
    if summary.get("no_duration"):
        print(f"{summary['no_duration']:,} samples have no duration: their ends could not be checked (see --videos)")
    if summary.get("videos"):
        counts("videos", summary["videos"])
    print(f"written to {relative(summary['out'])}")


def _published(split: str, facts: dict[str, Any]) -> str:
    """`train: 12,404 rows read, 12,408 published (why)`, and the same for videos."""
    said = f"{split or 'no split'}: {facts['read']:,} rows read"
    if facts["published"] is not None:
        said += f", {facts['published']:,} published"
    if "difference" in facts:
        said += f" ({facts['difference']})"
    if "videos_published" in facts:
        said += f"; {facts['videos_read']:,} videos, {facts['videos_published']:,} published"
    return said


def corpora(
    name: Annotated[
        str, typer.Argument(help="A corpus, for its page; without it, the catalogue.", show_default=False)
    ] = "",
    as_json: Json = False,
) -> None:
    """List the corpora, or print the page of one."""
    import msgspec

    from vtgdata import plugins

    found = {key: plugins.load("corpora", key).CORPUS for key in ([name] if name else plugins.names("corpora"))}
    if as_json:
        print(json.dumps({key: msgspec.to_builtins(corpus) for key, corpus in found.items()}))
    elif name:
        _page(found[name])
    else:
        table(
            ["corpus", "rows", "licence", "sure", "splits"],
            [
                [
                    key,
                    f"{sum(split.rows or 0 for split in corpus.splits):,}" if corpus.splits[0].rows else "-",
                    corpus.license,
                    corpus.license_confidence,
                    " ".join(split.name + ("*" if split.benchmark else "") for split in corpus.splits),
                ]
                for key, corpus in found.items()
            ],
        )
        print("* benchmark. Licence: A text read, B official page seen, C unverified. A page: vtgdata corpora NAME")


def _page(corpus: Any) -> None:
    print(f"{corpus.title} ({corpus.name})\n{corpus.summary}\n")
    for split in corpus.splits:
        rows = "?" if split.rows is None else f"{split.rows:,}"
        mark = "  benchmark" if split.benchmark else ""
        print(f"  {split.name}: {rows} rows, files {', '.join(split.files)}{mark}")
    print(f"\nclock: {corpus.clock}" + (f", grid {corpus.grid} s" if corpus.grid else ""))
    print(f"licence: {corpus.license} (confidence {corpus.license_confidence}), {corpus.license_link}")
    print(f"home: {corpus.homepage}\ncite: {corpus.citation}")
    if corpus.usage:
        print(f"\nvtgdata ingest {corpus.name} {corpus.usage} --out work/{corpus.name}")
