"""The lowest versions that pyproject.toml allows, one `name==version` a line: what `make lowest` installs and tests.

`python tests/support/lowest.py` prints those of the package and of what training needs. A package of `PINNED` is that
of constraints.txt: its builds are made for one another, and an old one needs an old Python.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXTRAS = ("train",)
PINNED = ("torch", "torchvision")
_BOUND = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?>=([0-9][0-9A-Za-z.]*)")


def lowest(pyproject: str, constraints: str, extras: tuple[str, ...] = EXTRAS) -> list[str]:
    """The lines, from the text of pyproject.toml and of constraints.txt; ValueError when a package has no lower bound.

    >>> lowest('[project]\\ndependencies = ["av>=17.1.0"]', "", ())
    ['av==17.1.0']
    """
    project = tomllib.loads(pyproject)["project"]
    wanted = [*project["dependencies"], *(each for extra in extras for each in project["optional-dependencies"][extra])]
    pinned = dict(line.split("==") for line in constraints.splitlines() if "==" in line)
    found = {}
    for each in wanted:
        name = re.split(r"[^A-Za-z0-9._-]", each)[0]
        if name in PINNED:
            found[name] = pinned[name]
            continue
        bound = _BOUND.fullmatch(each)
        if bound is None:
            raise ValueError(f"pyproject.toml: {each!r} is not one lower bound, as in 'av>=17.1.0'. Give it one.")
        found[name] = bound[2]
    return [f"{name}=={version}" for name, version in found.items()]


if __name__ == "__main__":
    both = [(ROOT / name).read_text("utf-8") for name in ("pyproject.toml", "constraints.txt")]
    sys.stdout.write("\n".join(lowest(*both)) + "\n")
