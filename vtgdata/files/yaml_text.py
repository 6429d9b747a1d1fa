"""Reads YAML that somebody else may have written: plain values only, and no more than a person would write.

There are no aliases (a few lines of them grow without bound), no key given twice (one would be lost), no tags that
make objects, and limits of length and depth.
"""

from pathlib import Path
from typing import Any, cast

import yaml

from vtgdata.errors import VtgError
from vtgdata.files import limits, outside


def read(path: Path) -> Any:
    """The value of a YAML file. Raises VtgError, with the line, when it is not one that we can use."""
    try:
        text = outside.read_text(path, limits.YAML)
    except UnicodeDecodeError as error:
        raise VtgError(f"{path}: not a YAML file we can use: {error}") from error
    except OSError as error:
        if isinstance(error, VtgError):
            raise
        raise VtgError(f"{path}: cannot be read ({error.strerror}).") from error
    return parse(text, str(path))


def parse(text: str, where: str) -> Any:
    """The value of a YAML text; `where` is the place that errors name. Raises VtgError as `read` does."""
    if len(text) > limits.YAML.value:
        raise limits.YAML.error(where, "the YAML is too long")
    try:
        return yaml.load(text, Loader=_Loader)
    except Exception as error:  # a number, a date or a key that cannot be made raises whatever Python raises for it
        mark: Any = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        said = "it nests too deep" if isinstance(error, RecursionError) else str(error).partition("\n")[0]
        problem = getattr(error, "problem", None) or said
        raise VtgError(f"{where}{line}: not a YAML file we can use: {problem}") from error


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases, without a key given twice, and of limited depth."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._depth, self._most = 0, limits.DEPTH.value

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = cast(Any, self.peek_event())  # pyright: ignore[reportUnknownMemberType]
        where: Any = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not allowed", problem_mark=where)
        if self._depth > self._most:
            problem = f"it nests too deep: above the limit of {self._most} levels that {limits.DEPTH.variable} sets"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=where)
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be a text", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"key {key.value!r} is given twice", problem_mark=key.start_mark)
            seen.add(key.value)
            if key.tag == "tag:yaml.org,2002:bool":
                key.tag = "tag:yaml.org,2002:str"  # `yes: true` is the setting of that name
        return super().construct_mapping(node, deep)
