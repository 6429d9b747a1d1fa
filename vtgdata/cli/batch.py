"""batch-import: import the answers of a batch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vtgdata.cli.options import Json, Quiet
from vtgdata.cli.running import finish, logs
from vtgdata.errors import RowsFailed

if TYPE_CHECKING:
    from vtgdata.engine.batch.bring_back import Imported


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the command."""
    del train, words
    app.command("batch-import")(batch_import)


def batch_import(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder that --batch wrote.", show_default=False)],
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Result files of a batch API, or of `vllm run-batch`.")
    ],
    prices: Annotated[
        str, typer.Option(help="File of prices; without it the cost of the answers is unknown: batches have their own.")
    ] = "",
    out: Annotated[str, typer.Option(help="The step's output folder, where it was moved since.")] = "",
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Import the answers of a batch into the journal of the step that wrote it.

    Then run the step's own command again: it asks only for missing answers, and writes its tables. The exit code is 3
    when lines cannot be read.
    """
    from vtgdata.engine.batch import bring_back
    from vtgdata.files import live, plugins
    from vtgdata.files.recipe import release_around

    logs(quiet)
    origin = folder if release_around(Path(folder) / bring_back.NAME) else ""
    with live.watch("batch-import"), plugins.only_ours(origin):  # the batch names the plug-in that reads its answers
        summary = bring_back.take(Path(folder), [Path(file) for file in files], table=prices, out=out)
    finish(summary, as_json, _show)
    if summary.n_broken:
        raise RowsFailed(
            f"{summary.n_broken} lines cannot be read, first {summary.broken[0]}. Fetch the file again: what was "
            "read is kept, and is not taken twice.",
            summary,
        )
    return 0


def _show(summary: Imported) -> None:
    from vtgdata.engine.batch.bring_back import words

    print("\n".join(words(summary)))
