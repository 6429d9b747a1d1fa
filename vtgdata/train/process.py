"""One process of a training command, started by a launcher: `python -m vtgdata.train.process SETTINGS.json`."""

from __future__ import annotations

import importlib
import logging
import sys

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import child_processes, json_document, outside
from vtgdata.train import launch


def main(file: str) -> int:
    """Train as the file says; returns the exit code."""
    child_processes.end_with_parent()
    given = json_document.decode(outside.read_bytes(file))
    log = logging.getLogger("vtgdata")
    log.addHandler(logging.StreamHandler(sys.stderr))
    log.setLevel(logging.WARNING if given["quiet"] else logging.INFO)
    log.propagate = False
    logging.lastResort = logging.NullHandler()  # what other libraries log
    module = importlib.import_module(f"vtgdata.train.{given['command'].removeprefix('train ')}")
    try:
        module.run(msgspec.convert(given["settings"], module.Settings))
    except VtgError as error:
        launch.fail(error)
        return error.exit_code
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        launch.fail(VtgError(f"{place}{error.strerror or error}. Free or name another place, and run again."))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
