"""The key names that re-published corpora use for the same fields, and those that a user gives with --map."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from vtgdata.errors import VtgError, did_you_mean

Names = Mapping[str, tuple[str, ...]]

ALIASES: Names = {
    "id": ("qid", "query_id", "annotation_id", "sample_id", "id", "uid", "idx"),
    "video": (
        "vid", "video_id", "video", "video_name", "video_path", "video_file", "video_uid", "path", "file", "image_id",
        "youtube_id", "yt_id", "youtube_url", "video_url", "url",
    ),
    "query": ("query", "sentence", "desc", "description", "caption", "text", "question", "problem", "phrase"),
    "windows": (
        "relevant_windows", "windows", "window", "timestamps", "timestamp", "spans", "span", "segments", "segment",
        "moments", "moment", "times", "time", "gt", "solution",
    ),
    "start": ("start", "start_time", "start_sec", "t_start", "begin", "startime", "onset"),
    "end": ("end", "end_time", "end_sec", "t_end", "stop", "endtime", "offset"),
    "duration": ("duration", "video_duration", "video_length", "length"),
    "split": ("split", "subset"),
    "options": ("options", "choices", "candidates"),
    "answer": ("answer", "correct_answer", "right_answer", "correct_option", "ans"),
}  # fmt: skip
"""Our name of a field -> the keys that files use for it, the commonest first."""

LISTS: Names = {
    "windows": ("timestamps", "spans", "windows", "segments", "times"),
    "query": ("sentences", "queries", "captions", "descriptions", "sentence"),
    "duration": ALIASES["duration"],
    "split": ALIASES["split"],
}
"""The same for captions JSON, where each video has parallel lists."""


COLUMNS = "columns of options"
"""The name under which `Keys.of` gives all columns `a0`, `a1`, ... of a record, with blanks between."""

_COLUMN = re.compile(r"(?:a|option|choice)_?(\d|[A-Ha-h])\Z", re.ASCII)


_REMEMBERED = 1_000
"""Maximum number of sets of keys whose fields are remembered; the records of a file have few different sets."""


class Keys:
    """Finds the key of a record that holds a field."""

    def __init__(
        self, mapping: Mapping[str, str] | None = None, known: Mapping[str, tuple[str, ...]] = ALIASES
    ) -> None:
        """Set the key names to look for.

        Args:
            mapping: a user's names: our name of a field -> the file's key, empty where no key of the file is that
                field, whatever it is called; None where a corpus's keys are known.
            known: our names, with what files commonly call them.

        Raises VtgError, with the known names, for a name that is not ours.
        """
        for field in mapping or {}:
            if field not in known:
                raise VtgError(f"--map {field}=...: there is no such field; {did_you_mean(field, known)}")
        self._names = {field: (mapping[field],) if mapping and field in mapping else known[field] for field in known}
        # In the user's order, so that a record's error is the same in every run.
        self._told = tuple(field for field, key in (mapping or {}).items() if key)
        self._settable = mapping is not None
        self._found: dict[tuple[str, ...], dict[str, str]] = {}

    def of(self, record: Mapping[str, Any]) -> Mapping[str, str]:
        """Our name of each field that a record has -> its key.

        Raises ValueError when the user named a key that the record lacks.
        """
        keys = tuple(record)
        known = self._found.get(keys)
        if known is None:
            known = self._look(record)
            if len(self._found) < _REMEMBERED:
                self._found[keys] = known
        return known

    def _look(self, record: Mapping[str, Any]) -> dict[str, str]:
        found = {
            field: next((name for name in names if name and name in record), "") for field, names in self._names.items()
        }
        for field in self._told:
            if not found[field]:
                raise ValueError(f"there is no {self._names[field][0]!r} here, only {_few(record)}")
        columns = [name for name in record if _COLUMN.match(name)]
        if len(columns) > 1 and "options" in self._names and "" not in self._names["options"]:
            found[COLUMNS] = " ".join(columns)
        return {field: key for field, key in found.items() if key}

    def missing(self, field: str, record: Mapping[str, Any]) -> ValueError:
        """The error for a record that lacks a field, with the keys that it has."""
        hint = f"; name its key with --map {field}=KEY" if self._settable else ""
        hint += ", or say --unlabelled if the labels are hidden" if hint and field == "windows" else ""
        looked = ", ".join(filter(None, self._names[field][:4]))
        under = f"under {looked} or such, only" if looked else f"left (--map {field}=): the keys are"
        return ValueError(f"no {field} {under} {_few(record)}{hint}")


def _few(record: Mapping[str, Any]) -> str:
    return ", ".join(map(repr, _cut(record))) or "nothing"


def _cut(record: Iterable[str]) -> list[str]:
    return [str(key)[:40] for key in list(record)[:12]]
