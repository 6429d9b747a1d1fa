"""Pickles as data: what a plain pickle holds is read, and no pickle runs anything."""

import ast
import contextlib
import math
import os
import pickle
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vtgdata
from vtgdata.annotations import pickles
from vtgdata.errors import VtgError

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
words = st.text()
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(words, inner) | st.lists(inner, max_size=4).map(tuple),
    max_leaves=30,
)


def as_json(value: Any) -> Any:
    """What JSON keeps of a value: tuples are lists."""
    if isinstance(value, list | tuple):
        return [as_json(each) for each in value]
    return {key: as_json(each) for key, each in value.items()} if isinstance(value, dict) else value


def same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return list(a) == list(b) and all(same(a[key], b[key]) for key in a) if isinstance(a, dict) else a == b


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(value=values)
def test_plain_data_of_every_protocol_reads_as_python_s_own_loader_reads_it(protocol: int, value: Any) -> None:
    assert same(pickles.run(pickle.dumps(value, protocol)), as_json(value))


@given(st.lists(st.binary(max_size=3), max_size=60).map(b"".join))
def test_what_is_no_pickle_of_plain_data_is_a_value_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        pickles.run(data)


class Harmful:
    """Runs a command when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_that_would_run_a_command_is_refused_and_runs_nothing(protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "captions.pkl"
    path.write_bytes(pickle.dumps({"K7QZ2": Harmful(tmp_path / "touched")}, protocol))
    with pytest.raises(VtgError, match=r"captions\.pkl.*instruction .*convert it once.*json\.dump"):
        pickles.read_pickle(path)
    assert [each.name for each in tmp_path.iterdir()] == ["captions.pkl"]


OWN_PIPES = "trace_pieces.py"
"""It unpickles what this run itself has sent to the processes that it started, through their pipes alone."""


def test_no_module_of_ours_unpickles_but_by_a_loader_that_refuses_every_name() -> None:
    uses: dict[str, set[str]] = {}
    for path in Path(vtgdata.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            module = node.module if isinstance(node, ast.ImportFrom) else None
            assert "pickle" not in (module, *named) or path.name in ("pickles.py", OWN_PIPES), path
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "pickle":
                uses.setdefault(path.name, set()).add(node.attr)
    assert uses == {"pickles.py": {"Unpickler"}, OWN_PIPES: {"dumps", "loads"}}
    assert {"find_class", "persistent_load"} <= vars(pickles.Loader).keys()


@pytest.mark.parametrize("named", [b"cos\nsystem\n.", b"cbuiltins\nlist\n.", b"(icollections\nOrderedDict\n."])
def test_every_name_is_refused_even_a_harmless_one(named: bytes) -> None:
    with pytest.raises(ValueError, match="instruction GLOBAL"):
        pickles.run(named)


def test_what_lies_outside_of_the_file_and_extensions_are_refused() -> None:
    with pytest.raises(ValueError, match="instruction PERSID"):
        pickles.run(b"Pdog\n.")
    with pytest.raises(ValueError, match="unregistered extension"):
        pickles.run(b"\x80\x02\x82\x01.")


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({1, 2}, "but set"),
        (b"dog", "but bytes"),
        (bytearray(b"dog"), "but bytearray"),
        (1j, "GLOBAL 'builtins complex"),
    ],
)
def test_what_json_could_not_say_is_refused_by_what_it_is(value: Any, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        pickles.run(pickle.dumps({"K7QZ2": value}, 5))


def test_an_array_of_numpy_is_refused_with_its_module() -> None:
    numpy = pytest.importorskip("numpy")
    with pytest.raises(ValueError, match="GLOBAL 'numpy"):
        pickles.run(pickle.dumps({"K7QZ2": numpy.zeros(2)}, 3))


def test_a_list_used_twice_is_read_twice() -> None:
    times = [1.0, 2.0]
    assert pickles.run(pickle.dumps({"a": [times, times], "b": times})) == {"a": [[1.0, 2.0]] * 2, "b": [1.0, 2.0]}


def test_a_list_that_holds_itself_is_refused() -> None:
    times: list[Any] = [1.0]
    times.append(times)
    with pytest.raises(ValueError, match="nests deeper"):
        pickles.run(pickle.dumps(times))
    mutual: dict[str, Any] = {"a": (times := [1.0])}
    times.append(mutual)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nests deeper"):
        pickles.run(pickle.dumps([mutual] * 2))


def test_a_tuple_used_twice_is_read_twice_and_no_value_for_another() -> None:
    pair = (1.0, "a")
    value = [[(float(i), (str(i),)), pair, [pair]] for i in range(2000)]
    assert pickles.run(pickle.dumps(value)) == as_json(value)


def test_depth_counts_what_is_shared_wherever_it_was_met_first() -> None:
    inner: list[Any] = []
    for _ in range(40):
        inner = [inner]
    outer: list[Any] = inner
    for _ in range(20):
        outer = [outer]
    with pytest.raises(ValueError, match="nests deeper"):
        pickles.run(pickle.dumps([inner, outer]))


def test_six_bytes_cannot_make_the_loader_take_gigabytes() -> None:
    with pytest.raises(ValueError, match="number 2147483647"):
        pickles.run(b"K\x01r\xff\xff\xff\x7f.")


def test_a_pickle_of_too_many_instructions_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickles, "MAX_STEPS", 1000)
    with pytest.raises(ValueError, match="more than 1,000 instructions"):
        pickles.run(b"]" * 2000 + b".")


def test_nesting_and_lists_that_double_themselves_are_bounded() -> None:
    deep: list[Any] = []
    for _ in range(60):
        deep = [deep]
    with pytest.raises(ValueError, match="nests deeper"):
        pickles.run(pickle.dumps(deep))
    wide: list[Any] = ["dog"]
    for _ in range(40):
        wide = [wide, wide]
    began = time.process_time()
    with pytest.raises(ValueError, match="more than 8,000,000 values"):
        pickles.run(pickle.dumps(wide))
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "exhausted"),
        (b"K\x01.K", "1 bytes follow"),
        (b"K\x01", "exhausted"),
        (b"e.", "could not find MARK"),
        (b"(]a.", "unexpected MARK found"),
        (b"h\x07.", "index 7"),
        (b"K\x01p-1\n.", "number -1"),
        (b"}K\x01K\x02s.", "is no text"),
        (b"}]K\x01s.", "damaged"),
        (b"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x00\x7f.", "64 bits"),
        (b"U\x01\xff.", "utf-8"),
        (b"\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.", "expected"),
    ],
)
def test_a_damaged_pickle_is_refused_with_what_is_wrong(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pickles.run(data)


def test_text_that_python_2_wrote_is_utf_8() -> None:
    assert pickles.run(b"\x80\x02U\x05caf\xc3\xa9q\x01.") == "caf\u00e9"
