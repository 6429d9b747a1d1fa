"""The `vtgdata` command."""

import sys


def main() -> None:
    """Run the command line with this process's arguments; exits with the codes that scripts rely on."""
    from vtgdata.files.child_processes import is_stray
    from vtgdata.files.limits import save_addresses

    # `python -m` looks for modules in the current folder first: a dataset's numpy.py there would be run.
    sys.path[:] = [entry for entry in sys.path if entry and not is_stray(entry)]
    save_addresses()
    from vtgdata.cli.any_encoding import accept_any_text
    from vtgdata.cli.app import run

    accept_any_text()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
