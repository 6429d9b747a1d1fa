"""Commands that show things: report, view."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from vtgdata.cli.options import Json, Quiet
from vtgdata.cli.running import logs, relative, stage
from vtgdata.files.outside_text import json_line

if TYPE_CHECKING:
    from vtgdata.stages.report import Summary as Reported


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the commands."""
    del train
    stage(app, words, "report")
    app.command("view")(view)


def report(summary: Reported) -> None:
    """Show what a command, a recipe or a release made, as one HTML file.

    The file needs no network. A queue of labels under review is decided in it, too.
    """
    print(f"{summary.samples:,} samples and {summary.answers:,} answers; {summary.detailed:,} samples with frames and "
          f"full texts")  # fmt: skip
    print(f"written to {relative(summary.out)} ({summary.bytes / 1e6:.1f} MB)")


def view(
    path: Annotated[str, typer.Argument(help="As for `vtgdata report`.", show_default=False)],
    samples: Annotated[str, typer.Option(help="As for `vtgdata report`.")] = "",
    videos: Annotated[str, typer.Option(help="Folder of the videos; by default the one that the command read.")] = "",
    frames: Annotated[str, typer.Option(help="Folder of the frame store; by default in the user's cache.")] = "",
    decisions: Annotated[str, typer.Option(help="File that decisions about a queue are saved in.")] = "",
    port: Annotated[int, typer.Option(help="Port; 0 for a free one.", min=0, max=65535)] = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Show the same as `report` in the browser, from this machine alone, with the videos playing at the window.

    For tables of any length: rows come as they are looked at. Ctrl-C ends it.
    """
    from vtgdata.releases.pages.served import Served
    from vtgdata.releases.pages.server import Server
    from vtgdata.releases.pages.settings import PageSettings

    logs(quiet)
    settings = PageSettings(path=path, samples=samples, videos=videos, frames=frames)
    with Server(Served(settings, decisions), port) as server:
        print(json_line({"address": server.address}) if as_json else f"open {server.address}   (Ctrl-C ends it)")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0
