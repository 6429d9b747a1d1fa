"""The `vtgdata` command."""

import os
import sys


def main() -> None:
    """Run the command line with this process's arguments; exits with the codes that scripts rely on."""
    _leave_current_folder()
    from vtgdata.files.child_processes import end_with_parent
    from vtgdata.files.limits import save_addresses

    save_addresses()
    end_with_parent()
    from vtgdata.cli import foreign
    from vtgdata.cli.any_encoding import accept_any_text
    from vtgdata.cli.app import run
    from vtgdata.cli.output import guard_output

    accept_any_text()
    foreign.hush()
    guard_output()  # to the very end: a traceback quotes what came from outside, too
    sys.exit(run(sys.argv[1:]))


def _leave_current_folder() -> None:
    """Look for no module in the current folder: `python -m` does so first, and a dataset's numpy.py would be run.

    While that is being found out, no module is looked for there either: it may hold a pathlib.py.
    """
    before, here = list(sys.path), os.path.realpath(os.curdir)
    if here != os.path.dirname(os.path.realpath(os.__file__)):  # noqa: PTH120 (pathlib is not there yet)
        sys.path[:] = [entry for entry in before if entry and os.path.realpath(entry) != here]
    from vtgdata.files.child_processes import is_stray

    sys.path[:] = [entry for entry in before if entry and not is_stray(entry)]


if __name__ == "__main__":
    main()
