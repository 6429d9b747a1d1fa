import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from vtgdata.files import code_fingerprint, fingerprint


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A memory of each test's own, as a new process meets it."""
    monkeypatch.setenv("VTGDATA_CACHE", str(tmp_path / "cache"))
    forget()
    yield
    forget()


SMALL = "vtgdata.plugins.scores.tiou"
"""A module that imports little."""


def forget() -> None:
    """What a new process knows: nothing but what the cache holds."""
    code_fingerprint._module.cache_clear()
    code_fingerprint._known.cache_clear()
    code_fingerprint._new.clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, whose code counts until the test ends."""
    copy = tmp_path / "vtgdata"
    shutil.copytree(code_fingerprint.ROOT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code_fingerprint, "ROOT", copy)
    return copy


def codes(package: Path) -> dict[Path, tuple[str, tuple[str, ...]]]:
    """What counts of each module: the hash of its code, and what it imports."""
    code_fingerprint._module.cache_clear()
    return {path: code_fingerprint._module(path) for path in package.rglob("*.py")}


def texts(tree: ast.AST) -> Iterator[ast.Constant]:
    """The docstrings of a module, those of fields too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value


def reworded(source: str) -> str:
    """The source with another word in each docstring, and a comment."""
    lines = source.encode().splitlines(keepends=True)
    for text in sorted(texts(ast.parse(source)), key=lambda text: text.lineno, reverse=True):
        line = lines[text.lineno - 1]
        after = text.col_offset + line[text.col_offset :].index(b'"""') + 3
        lines[text.lineno - 1] = line[:after] + b"Reworded: " + line[after:]
    return b"".join(lines).decode() + "# A remark.\n"


def test_no_step_is_done_again_for_a_docstring_or_a_comment(package: Path) -> None:
    before, stage = codes(package), code_fingerprint.of_code("vtgdata.stages.ingest")
    for path in package.rglob("*.py"):
        path.write_text(reworded(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert "Reworded: " in (package / "stages/ingest.py").read_text(encoding="utf-8")
    assert codes(package) == before
    assert code_fingerprint.of_code("vtgdata.stages.ingest") == stage


def test_a_step_is_done_again_for_code_of_its_own_and_code_that_it_imports(package: Path) -> None:
    watched = ("vtgdata.stages.ingest", "vtgdata.plugins.scores.tiou")
    before = [code_fingerprint.of_code(module) for module in watched]
    for name in ("stages/ingest.py", "annotations/normalise.py"):
        with (package / name).open("a", encoding="utf-8") as file:
            file.write("\nCHANGED = True\n")
        code_fingerprint._module.cache_clear()
        ingest, score = (code_fingerprint.of_code(module) for module in watched)
        assert ingest != before[0] and score == before[1]
        before = [ingest, score]


@pytest.mark.parametrize("name", ["vtgdata.no.such.module", "vtgdata.stages.ingset", "vtgdata.records.sample.Sample"])
def test_code_that_is_not_there_is_no_fingerprint(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        code_fingerprint.of_code("vtgdata.stages.ingest", name)


def test_code_of_other_people_is_theirs() -> None:
    assert code_fingerprint.of_code("vtgdata_of_a_lab.reader", "mylab.reader") == code_fingerprint.of_code()


def test_what_was_parsed_is_not_parsed_again_by_the_next_process(monkeypatch: pytest.MonkeyPatch) -> None:
    first = code_fingerprint.of_code(SMALL)
    forget()
    with monkeypatch.context() as patch:
        patch.setattr(ast, "parse", lambda *_: pytest.fail("parsed again"))
        assert code_fingerprint.of_code(SMALL) == first


@pytest.mark.parametrize("found", ["{", '{"a": 1}'])
def test_a_torn_memory_is_as_none(found: str) -> None:
    first = code_fingerprint.of_code(SMALL)
    fingerprint.remembered("UPDATE parsed SET found = ?", (found,))
    forget()
    assert code_fingerprint.of_code(SMALL) == first


def test_a_memory_that_grows_too_large_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_fingerprint, "MOST_REMEMBERED", 1)
    first = code_fingerprint.of_code(SMALL)
    forget()
    code_fingerprint.of_code("vtgdata.plugins.scores.format")
    forget()
    assert code_fingerprint.of_code(SMALL) == first
