"""Writes the generated parts of the documentation anew: `make docs`.

The tree in design.md is the first sentence of each folder's `__init__`, and the names of its files.
"""

import ast
import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parent.parent
DESIGN = Path(__file__).parent / "design.md"
FENCE = re.compile(r"(<!-- tree -->\n```\n).*?(```\n)", re.DOTALL)
WIDTH = 110


def first_sentence(path: Path) -> str:
    """Of a module's docstring, on one line."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return re.split(r"(?<=\.) (?=[A-Z])", text.split("\n")[0])[0]


def tree(folder: Path = ROOT / "vtgdata", depth: int = 0) -> str:
    """A folder with its sentence, the names of its files, and the folders in it."""
    indent = "    " * depth
    files = sorted(path.stem for path in folder.iterdir() if path.suffix == ".py" and path.stem != "__init__")
    if folder.parent.name == "plugins":
        files = []  # a plug-in is one new file: this page must not be a second one
    lines = [f"{indent}{folder.name}/"]
    own = folder / "__init__.py"
    if own.is_file():
        lines[0] += f"  {first_sentence(own)}"
    lines = textwrap.wrap(lines[0], WIDTH, subsequent_indent=f"{indent}      ", break_on_hyphens=False)
    if files:
        lines += textwrap.wrap(
            " ".join(files), WIDTH, initial_indent=f"{indent}    - ", subsequent_indent=f"{indent}      ",
            break_on_hyphens=False,
        )  # fmt: skip
    inner = [path for path in sorted(folder.iterdir()) if path.is_dir() and path.name != "__pycache__"]
    return "\n".join([*lines, *(tree(path, depth + 1) for path in inner if any(path.iterdir()))])


def generated(text: str) -> str:
    """The page with its tree as it is now."""
    return FENCE.sub(lambda found: f"{found[1]}{tree()}\n{found[2]}", text)


if __name__ == "__main__":
    DESIGN.write_text(generated(DESIGN.read_text(encoding="utf-8")), encoding="utf-8")
