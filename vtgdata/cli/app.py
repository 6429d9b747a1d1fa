"""The Typer application: all commands are registered by name, but only the called one loads its stage."""

import contextlib
import errno
import io
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer

from vtgdata import __version__
from vtgdata.cli.output import folded, guarded_output
from vtgdata.cli.running import report
from vtgdata.errors import Terminated, VtgError
from vtgdata.files.live import columns
from vtgdata.train import crew

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system says when there is no space left."""
NEEDS_TRAIN = {"torch", "torchvision", "transformers", "tokenizers", "trl", "accelerate", "datasets"}
"""Packages that only the extra `train` installs."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code."""
    crew.hush()
    with guarded_output(folds="--json" not in arguments):
        try:
            code = _run(arguments)
            sys.stdout.flush()
        except BrokenPipeError:
            return _unheard()
        return code


def _run(arguments: Sequence[str]) -> int:
    app = build(arguments)
    try:
        code = app(args=list(arguments), prog_name="vtgdata", standalone_mode=False)
    except VtgError as error:
        if crew.says_errors():
            report(error, as_json="--json" in arguments)
        return error.exit_code
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in NEEDS_TRAIN:
            raise
        report(VtgError(f"this needs {error.name}: pip install 'vtgdata[train]'"), as_json="--json" in arguments)
        return 1
    except BrokenPipeError:
        raise
    except OSError as error:
        report(_of_system(error), as_json="--json" in arguments)
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


def _of_system(error: OSError) -> VtgError:
    """An error of the system that no stage handles, with what to do: a full disk, rights, a name that is too long."""
    place = f"{error.filename}: " if error.filename else ""
    if error.errno in FULL:
        advice = "Free some space, or name another place, and run the same command again: what was finished is kept."
    else:
        advice = "Free or name another place, and run again."
    return VtgError(f"{place}{error.strerror or error}. {advice}")


def _unheard() -> int:
    """The reader of the output has gone, as `head` does: what was written to files stays, the rest is not printed."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
    return 141


def _interrupted(code: int) -> int:
    sys.stderr.write("interrupted; what was finished is kept, the same command goes on from there\n")
    return code


def _usage(error: Any) -> int:
    if isinstance(error, typer.Exit):
        return error.exit_code
    said = io.StringIO()
    error.show(file=said)
    width = columns() if sys.stderr.isatty() else None
    sys.stderr.write("\n".join(each for line in said.getvalue().split("\n") for each in folded(line, width)))
    return int(error.exit_code)


def build(arguments: Sequence[str]) -> typer.Typer:
    """The Typer application for these arguments: only the command that they name gets its options."""
    from vtgdata.cli import (
        anchors,
        batch,
        corpora,
        demo,
        importing,
        labels,
        models,
        pages,
        publish,
        recipes,
        retry,
        training,
        videos,
    )

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

    parts = (corpora, anchors, videos, models, importing, labels, pages, publish, training, demo, recipes, retry, batch)
    for module in parts:
        module.register(app, train, set(arguments))
    app.add_typer(train, name="train")
    return app
