"""Writes the generated parts of the documentation anew: `make docs`.

The tree in design.md is the first sentence of each folder's `__init__`, and the names of its files. The table of limits
in SECURITY.md is that of `vtgdata/files/limits.py`.
"""

import ast
import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parent.parent
DESIGN = Path(__file__).parent / "design.md"
SECURITY = ROOT / "SECURITY.md"
LIMITS = ROOT / "vtgdata/files/limits.py"
BETWEEN = re.compile(r"(<!-- limits -->\n).*?(<!-- end of limits -->\n)", re.DOTALL)
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


def limits() -> str:
    """The table of limits, read out of the source, so that nothing need be installed for this page."""
    rows = ["| variable | default | limits |", "| --- | --- | --- |"]
    for node in ast.parse(LIMITS.read_text(encoding="utf-8")).body:
        call = node.value if isinstance(node, ast.Assign) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Limit":
            name, _, unit, what = (each.value if isinstance(each, ast.Constant) else "" for each in call.args)
            rows.append(f"| `{name}` | {_amount(ast.unparse(call.args[1]), unit)} | {what} |")
    return "\n".join(rows) + "\n"


def _amount(source: str, unit: str) -> str:
    """A default for people: what is shifted by 10, 20, 30 or 40 is in KiB, MiB, GiB or TiB."""
    number, shifted, places = source.partition(" << ")
    if not shifted:
        factors = [int(factor) for factor in source.split(" * ")]
        return f"{' x '.join(f'{factor:,}' for factor in factors)} {unit}"
    return (
        "what is free"
        if places == "50"
        else f"{number} {dict(zip('1234', ('KiB', 'MiB', 'GiB', 'TiB'), strict=True))[places[0]]}"
    )


def secured(text: str) -> str:
    """SECURITY.md with its table as it is now."""
    return BETWEEN.sub(lambda found: f"{found[1]}{limits()}{found[2]}", text)


def generated(text: str) -> str:
    """The page with its tree as it is now."""
    return FENCE.sub(lambda found: f"{found[1]}{tree()}\n{found[2]}", text)


if __name__ == "__main__":
    DESIGN.write_text(generated(DESIGN.read_text(encoding="utf-8")), encoding="utf-8")
    SECURITY.write_text(secured(SECURITY.read_text(encoding="utf-8")), encoding="utf-8")
