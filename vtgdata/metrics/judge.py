"""Judges the predictions of a file one by one, and keeps what it says of them as columns."""

import math
from array import array
from typing import Any

import msgspec
import numpy as np

from vtgdata.conversation.answer import Form, parse
from vtgdata.conversation.other_parser import Reread
from vtgdata.files.packed import Packed
from vtgdata.metrics.answered import sound
from vtgdata.metrics.answers import AnswerColumns, Answers, Growing
from vtgdata.metrics.flat import Flat, as_array, flat_arrays
from vtgdata.metrics.judged_rows import MISSING, JudgedRows, RowColumns
from vtgdata.metrics.predictions.record import Prediction
from vtgdata.metrics.sample_columns import Names
from vtgdata.records import Answer
from vtgdata.records.windows import Array

SCALES = {"seconds": 1.0, "milliseconds": 0.001, "fraction": 1.0, "percent": 0.01}
"""What a bound is multiplied by; fractions and percentages also by the duration."""


class Judge:
    """Judges predictions one by one, and keeps what is said of them as columns."""

    def __init__(self, form: Form, prefer: str, reread: Reread | None) -> None:
        self._form, self._prefer, self._reread = form, prefer, reread
        self._windows, self._confidence, self._saliency = Growing(2), Growing(), Growing()
        self._ranked, self._says_none, self._alone = bytearray(), bytearray(), bytearray()
        self._options: list[str | None] = []
        self._read, self._which = Packed(Answer), array("q")
        self._stored: dict[int, Array] = {}
        """By place, windows that are stored and not scored."""
        self._rows: dict[str, list[Any]] = {
            name: [] for name in ("text", "option", "error", "parse_status", "strict_ok")
        }  # fmt: skip
        self._same: dict[str, str] = {}

    def add(self, said: Prediction | None, duration: float | None, chosen: Prediction | None) -> None:
        """Add the answer to one sample. Args: said: None for none; duration: of its video; chosen: gives the option."""
        if said is None or said.error is not None:
            self._failed(MISSING if said is None else said.error, said, chosen)
        elif said.text is not None and (self._prefer == "text" or said.windows is None):
            self._add_text(said, said.text, duration, chosen)
        else:
            self._add_windows(said, duration, chosen)

    def _failed(self, error: str | None, said: Prediction | None, chosen: Prediction | None) -> None:
        # A right option counts even if the windows are missing; these still count as missing.
        option = None if chosen is None else chosen.option
        row = option if said is None or chosen is not None else said.option
        self._row(text=said and said.text, option=row, error=error, parse_status=None, strict_ok=None)
        self._answer([], said=None, option=option, read=None, says_none=False, alone=False)

    def _add_text(self, said: Prediction, text: str, duration: float | None, chosen: Prediction | None) -> None:
        answer = parse(text, duration=duration, form=self._form, finish_reason=said.finish_reason)
        if self._reread is not None:
            answer = self._reread(answer, text, duration)
        option = (said.option or answer.option) if chosen is None else chosen.option
        if answer.windows != answer.counted:
            self._stored[len(self._options)] = as_array(answer.windows)
        self._row(
            text=text, option=option, error=None, parse_status=answer.parse_status, strict_ok=answer.strict_ok
        )  # fmt: skip
        bounds = [bound for window in answer.counted for bound in (window.start, window.end)]
        read = msgspec.structs.replace(answer, option=option)
        self._answer(bounds, said=said, option=option, read=read, says_none=answer.says_none, alone=False)

    def _add_windows(self, said: Prediction, duration: float | None, chosen: Prediction | None) -> None:
        windows = said.windows or ()
        scale = SCALES[said.unit] * (1 if said.unit in ("seconds", "milliseconds") else duration or math.nan)
        # A record without a field for windows may still answer, with its option or its saliency alone.
        alone = said.windows is None and (said.option is not None or said.saliency is not None)
        option = said.option if chosen is None else chosen.option
        self._row(text=said.text, option=option, error=None, parse_status=None, strict_ok=None)
        bounds = [bound * scale for window in windows for bound in window[:2]]
        none = said.windows == ()
        confidence = [window[2] for window in windows] if windows and len(windows[0]) == 3 else None
        self._answer(
            bounds, said=said, option=option, read=None, says_none=none, alone=alone, confidence=confidence
        )  # fmt: skip

    def _row(self, **values: Any) -> None:
        for name, value in values.items():
            self._rows[name].append(self._same.setdefault(value, value) if name not in _LONG and value else value)

    def _answer(
        self,
        bounds: list[float],
        *,
        said: Prediction | None,
        option: str | None,
        read: Answer | None,
        says_none: bool,
        alone: bool,
        confidence: list[float] | None = None,
    ) -> None:
        self._windows.extend(bounds)
        # A score of NaN ranks last.
        self._confidence.add(None if confidence is None else np.nan_to_num(np.array(confidence), nan=-np.inf))
        self._saliency.add(None if said is None or said.saliency is None else np.array(said.saliency))
        self._ranked.append(said is not None and said.ranked)
        self._says_none.append(says_none)
        self._alone.append(alone)
        self._options.append(option and self._same.setdefault(option, option))
        self._which.append(-1 if read is None else len(self._read))
        if read is not None:
            self._read.append(read)

    def judged(self, ids: Names) -> tuple[JudgedRows, Answers]:
        """All answers that were added, to the samples of these ids, as rows and for metrics."""
        raw = self._windows.whole()
        sizes = np.diff(raw.ends)
        flat = Flat(sound(raw.values), np.repeat(np.arange(len(sizes)), sizes), sizes)
        self._say_statuses(raw.values, flat)
        columns = AnswerColumns(
            windows=flat,
            raw=None if np.array_equal(raw.values, flat.windows) else raw,
            confidence=self._confidence.made(),
            saliency=self._saliency.made(),
            ranked=np.array(self._ranked, dtype=bool),
            says_none=np.array(self._says_none, dtype=bool),
            option=self._options if any(each is not None for each in self._options) else None,
            read=(self._read, np.array(self._which, dtype=np.intp)) if len(self._read) else None,
        )
        rows = JudgedRows(RowColumns(ids=ids, windows=self._as_stored(flat), **self._rows))
        return rows, Answers(columns)

    def _say_statuses(self, raw: Array, flat: Flat) -> None:
        """Say the status of windows that were given as such: ok if any is valid, else what is wrong with the first."""
        good = np.bincount(flat.row[~np.isnan(flat.windows[:, 0])], minlength=len(flat.sizes)) > 0
        statuses, first = self._rows["parse_status"], flat.first
        for i in np.flatnonzero([each is None for each in self._rows["error"]]).tolist():
            if statuses[i] is None:
                bad = not good[i] and flat.sizes[i]
                statuses[i] = _status(raw[first[i]]) if bad else ("ok" if good[i] or self._alone[i] else "no_answer")

    def _as_stored(self, flat: Flat) -> Flat:
        """Windows as files between stages store them: invalid ones left out, the part before the first frame cut."""
        if self._stored:
            flat = flat_arrays([self._stored.get(i, windows) for i, windows in enumerate(flat.arrays)])
        kept = flat.windows[:, 1] > 0
        row = flat.row[kept]
        sizes = np.bincount(row, minlength=len(flat.sizes)).astype(np.intp)
        return Flat(np.maximum(flat.windows[kept], 0.0), row, sizes)


_LONG = ("text", "strict_ok")
"""Columns of rows whose values are rarely the same, or cost nothing."""


def _status(window: Array) -> str:
    """What is wrong with a window that is none."""
    start, end = window.tolist()
    if not (math.isfinite(start) and math.isfinite(end)):
        return "not_a_number"
    return "reversed" if start > end else "zero_length"
