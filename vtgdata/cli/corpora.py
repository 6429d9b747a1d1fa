"""Commands about corpora: the catalogue, ingest and curate."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import UNSET

from vtgdata.cli.options import Json
from vtgdata.cli.output import say
from vtgdata.cli.printing import again, counts, percent, table
from vtgdata.cli.running import relative, stage
from vtgdata.files.outside_text import json_line

if TYPE_CHECKING:
    from vtgdata.annotations.published import Published
    from vtgdata.metrics.sample_groups import GroupReport
    from vtgdata.stages.check import Summary as Checked
    from vtgdata.stages.curate import Summary as Curated
    from vtgdata.stages.ingest import Summary as Ingested
    from vtgdata.stages.negatives import Summary as Refusable


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del train
    app.command("corpora")(corpora)
    stage(app, words, "ingest")
    stage(app, words, "check")
    stage(app, words, "curate")
    stage(app, words, "negatives")


def ingest(summary: Ingested) -> None:
    """Convert a corpus's files to samples.

    Rows are repaired if possible. A row that cannot become a sample is written to the drops, with its reason.
    """
    print(
        f"{summary.corpus}: {summary.rows:,} rows read = {summary.samples:,} samples "
        f"+ {summary.drops:,} drops{again(summary)}"
    )
    counts("repaired", summary.repairs)
    counts("dropped", summary.reasons)
    for split, facts in summary.published.items():
        print(_published(split, facts))
    if summary.no_moment is not UNSET:
        print(f"{summary.no_moment:,} samples are known to have no moment: refusing them is right")
    if summary.no_duration:
        print(f"{summary.no_duration:,} samples have no duration: their ends could not be checked (see --videos)")
    if summary.videos:
        counts("videos", summary.videos)
    counts("implausible, see above", {found.look: found.count for found in summary.looks})
    print(f"written to {relative(summary.out)}")


def curate(summary: Curated) -> None:
    """Drop samples with filters, each with its reason.

    Filters are applied in the order given. Rows of benchmark splits are kept, because their number is published.
    """
    print(
        f"{summary.rows:,} samples = {summary.samples:,} kept + {summary.drops:,} left out, on "
        f"{summary.videos.after:,} of {summary.videos.before:,} videos{again(summary)}"
    )
    for each in summary.filters:
        print(f"{each.filter}: {each.drops:,} of {each.rows:,} left out")
        counts("  why", each.reasons)
    if summary.benchmark_rows:
        print(f"{summary.benchmark_rows:,} rows of benchmark splits were not filtered (see --benchmarks-too)")
    print(f"written to {relative(summary.out)}")


def negatives(summary: Refusable) -> None:
    """Add samples whose query has no moment, in three grades.

    Queries that the video's own annotation may hold are left out; what no judge has looked at is unverified.
    """
    print(
        f"{summary.positives:,} samples, {summary.negatives:,} new ones without a moment "
        f"({percent(summary.share)} % of those written){again(summary)}"
    )
    counts("by grade", summary.grades)
    counts("verified", summary.verified)
    counts("left out", summary.reasons)
    if summary.benchmark_rows:
        print(f"{summary.benchmark_rows:,} rows of benchmark splits got none (see --benchmarks-too)")
    print(f"written to {relative(summary.out)}")


def check(summary: Checked) -> None:
    """Check sample files for leaks, repeats and faults.

    Reports rows that must not be trained on, what each two corpora share, and what a blind guess scores. The exit code
    says whether the files are clean.
    """
    table(
        ["group", "rows", "videos", "mean window mIoU", "R1@0.5", "best constant mIoU", "R1@0.5"],
        [[_group(each), f"{each.rows:,}", f"{each.videos:,}", *_blind(each)] for each in summary.groups],
    )
    print("* benchmark. What answers without looking score, fitted on the same rows, in per cent\n")
    table(
        ["pair", "sources", "by YouTube id", "near queries", "same moments", ""],
        [
            [
                f"{each.first} | {each.second}",
                *(f"{count:,}" for count in (each.sources, each.youtube, each.queries, each.duplicates)),
                "CONTAMINATED" if each.contaminates else "",
            ]
            for each in summary.pairs
        ],
    )
    if summary.reminders:
        print("\noverlaps that the corpora's pages name, whether or not the other is among these files:")
    for text in summary.reminders:
        print(f"  {text}")
    for kind, found in summary.examples.items():
        print(f"\n{kind}: {_found(kind, summary)}")
        for each in found[:3]:
            print("  " + "  ".join(str(value) for value in each.values()))
    if summary.missing_videos:
        print(f"{summary.missing_videos:,} videos are missing" + (", listed in missing.txt" if summary.out else ""))
    written = f", written to {relative(summary.out)}" if summary.out else ""
    say(f"clean{written}" if summary.clean else f"not clean{written}", "good" if summary.clean else "bad")


def _group(group: GroupReport) -> str:
    return f"{group.corpus} {group.split}{'*' if group.benchmark else ''}"


def _blind(group: GroupReport) -> list[str]:
    guess = group.blind_guess
    if guess is None:
        return ["-"] * 4
    return [percent(each[metric]) for each in (guess.mean_window, guess.best_constant) for metric in ("mIoU", "R1@0.5")]


def _found(kind: str, summary: Checked) -> str:
    if kind in summary.fixed:
        return f"{summary.fixed[kind]:,} (fixed)"
    if kind in summary.allowed:
        return f"{summary.allowed[kind]:,} (allowed)"
    return f"{summary.findings[kind]:,}"


def _published(split: str, facts: Published) -> str:
    """`train: 12,404 rows read, 12,408 published (why)`, and the same for videos."""
    said = f"{split or 'no split'}: {facts.read:,} rows read"
    if facts.published is not None:
        said += f", {facts.published:,} published"
    if facts.difference is not UNSET:
        said += f" ({facts.difference})"
    if facts.videos_published is not UNSET:
        said += f"; {facts.videos_read:,} videos, {facts.videos_published:,} published"
    return said


def corpora(
    name: Annotated[
        str, typer.Argument(help="A corpus, for its page; without it, the catalogue.", show_default=False)
    ] = "",
    as_json: Json = False,
) -> None:
    """List the corpora, or print the page of one."""
    from vtgdata.files import plugins

    modules = {key: plugins.load("corpora", key) for key in ([name] if name else plugins.names("corpora"))}
    found = {key: module.CORPUS for key, module in modules.items()}
    if as_json:
        print(json_line(found))
    elif name:
        _page(found[name], inspect.getdoc(modules[name]) or "")
    else:
        table(
            ["corpus", "rows", "licence", "sure", "splits"],
            [
                [
                    key,
                    f"{sum(split.rows or 0 for split in corpus.splits):,}"
                    if any(split.rows for split in corpus.splits)
                    else "-",
                    corpus.license,
                    corpus.license_confidence,
                    _splits(corpus.splits),
                ]
                for key, corpus in found.items()
            ],
        )
        print(
            "* benchmark. Rows: annotated queries or events, as published and counted; - where no count was verified."
        )
        print("Licence: A text read, B official page seen, C unverified. A page: vtgdata corpora NAME")


def _page(corpus: Any, described: str) -> None:
    """Print a corpus's facts, what to download and the ingest command.

    Args:
        corpus: the facts.
        described: the docstring of its plug-in, on the raw format and its oddities.
    """
    from vtgdata.annotations import licences

    print(f"{corpus.name}: {corpus.summary}\n\n{described}\n")
    for split in corpus.splits:
        rows = "?" if split.rows is None else f"{split.rows:,}"
        videos = "" if split.videos is None else f" on {split.videos:,} videos"
        print(f"  {split.name}: {rows} rows{videos}, {_files(split)}{'  (benchmark)' if split.benchmark else ''}")
        for count, why in split.copies.items():
            print(f"    {count:,} rows: {why}")
    print(f"\nclock: {corpus.clock}" + (f", grid {corpus.grid} s" if corpus.grid else ""))
    note = licences.find(corpus.license).note
    print(f"licence: {corpus.license} (confidence {corpus.license_confidence}), {corpus.license_link}")
    if note:
        print(f"  {note}")
    for text in corpus.overlaps:
        print(f"overlap: {text}")
    for key, value in (("home", corpus.homepage), ("cite", corpus.citation)):
        if value:
            print(f"{key}: {value}")
    print(f"fetch: {corpus.download or corpus.homepage}")
    if corpus.usage:
        print(f"\nvtgdata ingest {corpus.name} {corpus.usage} --out work/{corpus.name}")


def _splits(splits: Sequence[Any], width: int = 60) -> str:
    """The first four splits, as far as they are no wider than `width`, and how many more there are."""
    names = [split.name + ("*" if split.benchmark else "") for split in splits]
    most = max([n for n in range(1, 5) if len(" ".join(names[:n])) <= width] or [1])
    return " ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _files(split: Any) -> str:
    return f"file {split.files[0]}" if len(split.files) == 1 else f"files {', '.join(split.files)}"
