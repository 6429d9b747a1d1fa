"""Commands that publish and read what is published: remove, release, rebuild, push, pull, diff, export."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import typer
from msgspec import UNSET

from vtgdata.cli import typed
from vtgdata.cli.output import say
from vtgdata.cli.printing import again
from vtgdata.cli.running import relative, stage

if TYPE_CHECKING:
    from vtgdata.releases.rebuild.comparison import Comparison
    from vtgdata.stages.diff import Summary as Compared
    from vtgdata.stages.export import Summary as Exported
    from vtgdata.stages.pull import Summary as Pulled
    from vtgdata.stages.push import Summary as Pushed
    from vtgdata.stages.rebuild import Summary as Rebuilt
    from vtgdata.stages.release import Summary as Released
    from vtgdata.stages.remove import Summary as Removed


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del train
    stage(app, words, "remove")
    stage(app, words, "release")
    stage(app, words, "rebuild")
    stage(app, words, "push")
    stage(app, words, "pull")
    stage(app, words, "diff")
    stage(app, words, "export")


def remove(summary: Removed) -> None:
    """List videos or samples that must be permanently removed.

    Ingests and releases that are given the file leave them out, and so do releases that follow such a release.
    """
    print(f"{relative(summary.file)}: {summary.added} added, {summary.entries} in all")
    if summary.rows is not None:
        print(f"  {summary.rows:,} sample{'s go' if summary.rows != 1 else ' goes'}")
    print("versions that were published keep their rows: a tag never moves")


def release(summary: Released) -> None:
    """Make one version of a dataset.

    Combines samples, traces, pass rates and chosen rows, with card, licences, prompts and hashes.
    """
    print(f"release {summary.version}{again(summary)}")
    for config, splits in summary.configs.items():
        print(
            f"  {config}: " + ", ".join(f"{name} {rows:,}" for name, rows in splits.items()) + _changed(summary, config)
        )
    if summary.removed:
        print(f"  taken out for good: {summary.removed:,} of the samples given")
    print(f"written to {relative(summary.out)}")


def _changed(summary: Released, config: str) -> str:
    """How many rows of a config changed since the version before, as text; empty for a first version."""
    counts = summary.changes.get(config, {})
    said = ", ".join(f"{number:,} {what}" for what, number in counts.items() if number)
    return f" ({said})" if said and not summary.first else ""


def rebuild(summary: Rebuilt) -> None:
    """Make a release again from its raw files, and say whether the result is the same.

    The release itself says which steps made it (rebuild.json), and answers of models come from its config rollouts, so
    that nothing is asked. Without --out the result lies in RELEASE.rebuilt. The exit code is 0 if every Parquet file
    has the same bytes, else 1.
    """
    print(f"{summary.release} (version {summary.version}, made by {summary.tool}){again(summary)}")
    for step in summary.steps:
        lost = f" but {step.removed:,}, which are about removed samples" if step.removed else ""
        print(f"  {step.id}: {step.how}{lost}")
        if summary.result is UNSET and step.how != "not needed":
            print(textwrap.indent(typed.command(step.id, step.command, step.settings, 74), "      "))
    for raw in summary.raw:
        print(f"  raw file {raw.name}: {raw.state}{f', {relative(raw.here)}' if raw.here else ''}")
    if summary.result is UNSET:
        print("it cannot be rebuilt yet; what is needed:" if summary.problems else "it can be rebuilt")
        for problem in summary.problems:
            print(f"- {problem}")
        return
    for name, state in summary.result.parquet.items():
        print(f"  {name}: {state}")
    say(_verdict(summary.result), "good" if summary.result.same else "bad")
    print(f"written to {relative(summary.out)}")


def _verdict(result: Comparison) -> str:
    if result.identical:
        return f"the same, every file of it: content {result.content}"
    if result.same:
        return f"the same data, byte for byte; what differs besides: {result.pages_said}"
    return f"not the same: {result.data_said}"


def push(summary: Pushed) -> None:
    """Push a release to a folder or to the Hub, or a trained model to the Hub.

    A target `org/name` is on the Hub, where the version becomes a tag; anything else is a folder.
    """
    if summary.nothing_to_do:
        print(f"{summary.target}: already holds version {summary.version}, nothing to do")
    else:
        print(_pushed(summary))
        if summary.estimate is not UNSET:
            print(_estimated(summary))
    if summary.kind == "hub" and not summary.dry_run:
        print(f"  tag {summary.tag}, commit {summary.commit}\n  {summary.url}")
    if summary.confirmed_licenses:
        record = "would stand" if summary.dry_run else "stand"
        print(f"  licences that you confirmed, which {record} in the commit: {', '.join(summary.confirmed_licenses)}")


def _pushed(summary: Pushed) -> str:
    """A sentence that says what a push did, or would do."""
    did = "would push" if summary.dry_run else "pushed"
    after = f", after version {summary.before}" if summary.before else ""
    if summary.creates:
        after = f", a new {'private' if summary.private else 'public'} repository"
    deleted = f", {summary.deleted} files deleted" if summary.deleted else ""
    only = " (only the tag was missing)" if not summary.files and not summary.deleted else ""
    return (
        f"{did} version {summary.version} to {summary.target}{after}: "
        f"{summary.files} files, {summary.bytes:,} bytes{deleted}{only}"
    )


def _estimated(summary: Pushed) -> str:
    if summary.bytes_new is None or summary.bytes_new is UNSET:
        return f"  no estimate of what would be sent: {summary.estimate}"
    share = summary.bytes_new / (summary.bytes or 1)
    return (
        f"  expected to be sent after deduplication: {summary.bytes_new:,} bytes, {share:.1%} of them\n"
        f"  (estimate: {summary.estimate})"
    )


def pull(summary: Pulled) -> None:
    """Copy a release from the Hub, at its tag, to a folder.

    Every file's hash is checked. To train, no pull is needed: `vtgdata train` takes `org/name@tag` itself.
    """
    for config, splits in summary.configs.items():
        print(f"  {config}: " + ", ".join(f"{name} {rows:,}" for name, rows in splits.items()))
    done = "already there" if summary.nothing_to_do else f"{summary.files} files, {summary.bytes:,} bytes"
    print(f"{summary.source} (version {summary.version}): {done}, in {relative(summary.out)}")


def diff(summary: Compared) -> None:
    """Say what differs between two releases: rows by config, columns, licences.

    Proposes the next version's number: major where rows change their meaning, minor where rows are added.
    """
    print(summary.text, end="")


def export(summary: Exported) -> None:
    """Write a release for another trainer: verl, EasyR1, ms-swift, LLaMA-Factory, TRL or XTuner.

    Data files, frames as pictures, rewards, configuration and launch command. The reward is what evaluation scores.
    """
    for name, rows in summary.rows.items():
        questions = summary.questions[name]
        print(f"  {name}: {rows:,} rows" + (f" of {questions:,} questions" if questions != rows else ""))
    for why, number in summary.left_out.items():
        print(f"  {number:,} rows left out: {why}")
    print(
        f"  pictures of {summary.videos:,} videos, {summary.bytes:,} bytes: {summary.linked:,} linked, "
        f"{summary.copied:,} copied" + (f"; one video of {summary.rate:g} frames per second" if summary.rate else "")
    )
    print(f"written to {relative(summary.out)}{again(summary)}")
