"""The Typer application: all commands are registered by name, but only the called one loads its stage."""

import sys
from collections.abc import Sequence
from typing import Any

import typer

from vtgdata import __version__
from vtgdata.cli.running import report
from vtgdata.errors import Terminated, VtgError

NEEDS_TRAIN = {"torch", "torchvision", "transformers", "tokenizers", "trl", "accelerate", "datasets"}
"""Packages that only the extra `train` installs."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code."""
    app = build(arguments)
    try:
        code = app(args=list(arguments), prog_name="vtgdata", standalone_mode=False)
    except VtgError as error:
        report(error, as_json="--json" in arguments)
        return error.exit_code
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in NEEDS_TRAIN:
            raise
        report(VtgError(f"this needs {error.name}: pip install 'vtgdata[train]'"), as_json="--json" in arguments)
        return 1
    except OSError as error:
        # Errors that no stage handles: a full disk, a folder that cannot be written, a name that is too long.
        place = f"{error.filename}: " if error.filename else ""
        reason = error.strerror or str(error)
        report(VtgError(f"{place}{reason}. Free or name another place, and run again."), as_json="--json" in arguments)
        return 1
    except (MemoryError, RecursionError) as error:
        # Files have limits of their own (`files.limits`); this is for what all of them take together.
        short = "memory runs out" if isinstance(error, MemoryError) else "something that was read nests too deep"
        report(VtgError(f"{short}. Read less at once, or run it where there is more."), as_json="--json" in arguments)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted(130)
    except Terminated as ended:
        return _interrupted(ended.exit_code)
    except (typer.TyperException, typer.Exit) as error:
        return _usage(error)
    if code == 130:
        # Typer turns Ctrl-C into this code.
        return _interrupted(code)
    return code if isinstance(code, int) else 0


def _interrupted(code: int) -> int:
    sys.stderr.write("interrupted; what was finished is kept, the same command goes on from there\n")
    return code


def _usage(error: Any) -> int:
    if isinstance(error, typer.Exit):
        return error.exit_code
    error.show()
    return int(error.exit_code)


def build(arguments: Sequence[str]) -> typer.Typer:
    """The Typer application for these arguments: only the command that they name gets its options."""
    from vtgdata.cli import batch, corpora, demo, models, publish, recipes, retry, training, videos

    app = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help="Curate data and train models for video temporal grounding: annotations, a release, models.",
    )
    train = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Train on a release: sft, then rl.")

    @app.callback(invoke_without_command=True)
    def _version(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
        if version:
            print(__version__)
            raise typer.Exit

    for module in (corpora, videos, models, publish, training, demo, recipes, retry, batch):
        module.register(app, train, set(arguments))
    app.add_typer(train, name="train")
    return app
