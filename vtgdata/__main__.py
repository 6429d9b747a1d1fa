"""The `vtgdata` command."""

import sys


def main() -> None:
    """Run the command line with this process's arguments; exits with the codes that scripts rely on."""
    from vtgdata.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
