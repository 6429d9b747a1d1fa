"""retry: run the command that made a folder again, only for the requests that failed."""

from pathlib import Path
from typing import Annotated, Any

import typer

from vtgdata.cli.options import Json, Quiet
from vtgdata.cli.running import logs, run_and_tell
from vtgdata.errors import VtgError


def register(app: typer.Typer, train: typer.Typer, words: set[str]) -> None:
    """Add the command."""
    del train, words
    app.command("retry")(retry)


def retry(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Output folder of a command that asks a model.")],
    only: Annotated[
        str, typer.Option(help="Kinds of failure: timeout, connection, limit, refused, server, other; failed is all.")
    ] = "failed",
    budget: Annotated[float | None, typer.Option(help="US dollars in all, instead of the command's own.")] = None,
    prices: Annotated[str, typer.Option(help="File of prices, instead of the command's own.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Spend without asking, as if the command had said so.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what there is to do; ask nothing.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Repeat the requests that failed.

    Runs the command that made DIR again with its own settings, prices and budget, repeats only requests that failed in
    a way named by --only, and rewrites the tables. Nothing new is asked, and no answer is replaced: an answer that
    refuses, breaks off or cannot be read is data.
    """
    from vtgdata.cli import commands
    from vtgdata.files.meta import META
    from vtgdata.files.recipe import release_around

    logs(quiet)
    command, settings = _made_by(Path(folder))
    given = {"budget": budget, "prices": prices or None, "yes": yes or None}
    now = {name: value for name, value in given.items() if value is not None}
    record = commands.build(command, settings | now | {"only": only, "dry_run": dry_run}, f"vtgdata retry {folder}")
    if not as_json and not _any_failed(Path(folder), only):
        kind = "" if only == "failed" else f" of the kind {only}"
        print(f"nothing to retry: {folder} has no failed request{kind} that was not answered since")
    known = Path(folder) / META
    run_and_tell(command, record, as_json, str(known) if release_around(known) else "")
    return 0


def _made_by(folder: Path) -> tuple[str, dict[str, Any]]:
    """The command that made a folder, and its settings; raises VtgError unless that is a command that asks a model."""
    from vtgdata.cli.commands import COMMANDS, settings_type
    from vtgdata.engine.settings import AskSettings
    from vtgdata.files.meta import read_meta

    known = read_meta(folder)
    if known is None:
        raise VtgError(
            f"{folder}: has no meta.json of ours, so no command came to its end there. Run the command itself: it asks "
            "only for what is missing."
        )
    if known.command not in COMMANDS or not issubclass(settings_type(known.command), AskSettings):
        raise VtgError(f"{folder}: was made by `vtgdata {known.command}`, which asks no model.")
    out = folder.parent if known.settings.get("shard") else folder
    return known.command, known.settings | known.how | {"out": str(out)}


def _any_failed(folder: Path, only: str) -> bool:
    """Whether a journal of the folder has a failed request, of a kind in `only`, that was not answered since."""
    from vtgdata.engine import failures
    from vtgdata.engine.journal import counts
    from vtgdata.files.claims import JOURNAL

    again = failures.chosen(only)
    for path in counts.journals(folder, JOURNAL):
        with counts.peek(path) as select:
            if any(again is None or again(error) for error in counts.failures(select)):
                return True
    return False
