"""The house: every room has its floor, arrows lead sideways or down, and nothing stands in the hall.

Read out of the source: what imports what, longest paths and circles over folders, and what the first help page loads.
"""

import ast
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

import vtgdata
from vtgdata.cli.commands import COMMANDS
from vtgdata.files import plugins

ROOT = Path(vtgdata.__file__).parent
FLOORS = {
    "errors": 1, "records": 1,
    "files": 2,
    "annotations": 3, "conversation": 3, "video": 3,
    "metrics": 4, "engine": 4, "releases": 4,
    "plugins": 5, "stages": 5, "train": 5, "demo": 5, "cli": 5, "__init__": 5, "__main__": 5,
}  # fmt: skip
"""Of every entry of the package; there is no default."""
RESOURCES = {"recipes", "cards"}
"""What the wheel has in the package and a checkout beside it."""
MOST_ENTRIES = 14
"""Of the root, besides __init__ and __main__."""
MOST_LINES = 300
LONG = {"plugins.decoders.pyav", "plugins.models.openai_api"}
"""Files that may be longer: one library and one protocol, whole."""
MOST_MEDIAN = 12
"""Lines of a function, at the median."""
HEAVY = {"torch", "torchvision", "transformers", "trl", "accelerate", "open_clip"}
MAY_BE_HEAVY = (
    "train.",
    "demo.",
    "plugins.models.transformers_local",
    "plugins.models._transformers.",
    "plugins.retrievers.",
    "video.open_clip_model",
)
"""Rooms and plug-ins that need it, and what plug-ins of two kinds share (clip_relevance, open_clip)."""
NOT_FOR_HELP = {"torch", "transformers", "trl", "datasets", "polars", "pyarrow", "av", "openai", "huggingface_hub"}
LAZY = {"__init__": {"stages", "train"}}
"""The only module that may import upward, inside functions: `vtgdata.ingest(...)` is a stage."""


def name_of(path: Path) -> str:
    """`stages.ingest` for vtgdata/stages/ingest.py, `stages` for its __init__, `__init__` for the package's."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name if name == "__init__" else name.removesuffix(".__init__")


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def top(name: str) -> str:
    return name.split(".")[0]


def imports(tree: ast.AST, *, at_import: bool = False) -> set[str]:
    """What a module imports; with `at_import`, only outside functions and of `if TYPE_CHECKING`."""
    found: set[str] = set()
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if at_import and (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or for_types_only(node)
        ):
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(f"{'.' * node.level}{node.module}.{alias.name}" for alias in node.names)
        pending.extend(ast.iter_child_nodes(node))
    return found


def for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def ours(tree: ast.AST) -> set[str]:
    """The modules of vtgdata that a module imports, without the leading `vtgdata.`."""
    found: set[str] = set()
    for name in imports(tree):
        if name.startswith("vtgdata."):
            inner = name.removeprefix("vtgdata.")
            while inner and inner not in MODULES:
                inner = inner.rpartition(".")[0]
            found.add(inner or "__init__")
    return found


ARROWS = {name: ours(tree) - {name} for name, tree in TREES.items()}


def rooms() -> dict[str, set[str]]:
    """What each entry of the root imports of the others; that the package itself is named does not count."""
    found: dict[str, set[str]] = {top(name): set() for name in MODULES}
    for name, others in ARROWS.items():
        if top(name) not in LAZY:
            found[top(name)] |= {top(other) for other in others} - {top(name), "__init__"}
    return found


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of nodes that reach each other."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        pending = [start]
        while pending:
            for other in graph.get(pending.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    pending.append(other)
        return seen

    reach = {node: reached(node) for node in graph}
    found = {tuple(sorted(o for o in reach[node] if node in reach[o])) for node in graph if node in reach[node]}
    return [list(group) for group in sorted(found)]


def wrong(pairs: Iterable[tuple[str, object]]) -> str:
    return "\n".join(f"vtgdata.{name}: {what}" for name, what in pairs if what)


def upward() -> list[tuple[str, object]]:
    """Imports of a higher floor; the package itself has only its version to give."""
    return [
        (name, sorted(other for other in others - {"__init__"} if FLOORS[top(other)] > FLOORS[top(name)]))
        for name, others in ARROWS.items()
        if top(name) not in LAZY
    ]


def test_every_entry_of_the_root_is_named_and_no_command_is_called_like_one():
    entries = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or list(path.rglob("*.py"))}
    assert entries == set(FLOORS), "give it a room: a new entry of the root needs its floor here"
    assert len(entries - {"__init__", "__main__"}) <= MOST_ENTRIES
    commands = {word.replace("-", "_") for command in COMMANDS for word in (command, command.split()[0])}
    # `vtgdata.release` is a function: a submodule of that name would take its place when it is imported.
    assert not (entries | RESOURCES) & (commands - {"train"}), "an entry of the root may not be named like a command"


def test_the_house(capsys):
    floors, found = sorted(set(FLOORS.values())), circles(rooms())
    entries = len(set(FLOORS) - {"__init__", "__main__"})
    with capsys.disabled():
        print(f"\nfloors {len(floors)}, circles {len(found)}, root entries {entries}")
    assert floors == [1, 2, 3, 4, 5] and not found, found


def test_a_module_imports_its_own_floor_or_a_lower_one():
    assert not wrong(upward())


def test_no_circle_inside_a_room():
    for room in sorted({top(name) for name in MODULES}):
        inside = {
            name: {o for o in others if top(o) == room and o not in face(name)}
            for name, others in ARROWS.items()
            if top(name) == room
        }
        assert not circles(inside), room


def face(name: str) -> set[str]:
    """The packages that a module lies in: what their __init__ re-exports may be imported from there."""
    parts = name.split(".")
    return {".".join(parts[:n]) for n in range(1, len(parts))}


def test_a_module_that_imports_upward_or_stands_at_the_root_is_found(monkeypatch):
    monkeypatch.setitem(ARROWS, "records.sample", {"stages.ingest"})
    assert "vtgdata.records.sample: ['stages.ingest']" in wrong(upward())
    assert ["annotations", "files", "records"] not in circles(rooms())
    monkeypatch.delitem(FLOORS, "errors")
    with pytest.raises(AssertionError, match="give it a room"):
        test_every_entry_of_the_root_is_named_and_no_command_is_called_like_one()


def test_no_relative_import_hides_its_floor():
    assert not wrong((name, sorted(i for i in imports(tree) if i.startswith("."))) for name, tree in TREES.items())


def test_no_stage_imports_another():
    stages = [name for name in MODULES if name.startswith("stages.")]
    assert not wrong((name, sorted(o for o in ARROWS[name] if o in stages)) for name in stages)


def test_a_plug_in_is_imported_by_nobody():
    """But a folder of what several plug-ins of a kind share, `_serving`, by that kind."""

    def is_plug_in(name: str, by: str) -> bool:
        parts = name.split(".")
        if parts[0] != "plugins" or len(parts) < 3:
            return False
        return not (parts[2].startswith("_") and by.startswith(f"plugins.{parts[1]}."))

    assert not wrong((name, sorted(o for o in ARROWS[name] if is_plug_in(o, name))) for name in MODULES)


def test_nothing_imports_the_command_line():
    others = [name for name in MODULES if top(name) not in ("cli", "__main__")]
    assert not wrong((name, sorted(o for o in ARROWS[name] if top(o) == "cli")) for name in others)


def test_torch_is_imported_in_functions_of_the_few_modules_that_train():
    for name, tree in TREES.items():
        heavy = {top(other) for other in imports(tree, at_import=True)} & HEAVY
        assert not heavy, f"vtgdata.{name} imports {heavy}: import it inside a function"
        if not name.startswith(MAY_BE_HEAVY):
            assert not {top(other) for other in imports(tree)} & HEAVY, name


def test_no_file_is_too_long_and_functions_are_short():
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert not {name: count for name, count in lines.items() if count > MOST_LINES and name not in LONG}
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[len(lengths) // 2] <= MOST_MEDIAN


def test_every_kind_of_plug_in_is_a_folder():
    folders = {path.name for path in (ROOT / "plugins").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(plugins.KINDS)


def test_the_first_help_page_loads_nothing_heavy():
    program = (
        "import runpy, sys\n"
        "sys.argv = ['vtgdata', '--help']\n"
        "try:\n"
        "    runpy.run_module('vtgdata', run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        f"print('loaded:', *sorted(set({sorted(NOT_FOR_HELP)!r}) & sys.modules.keys()), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT.parent, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "ingest" in done.stdout
    assert done.stderr.strip().splitlines()[-1] == "loaded:"
