"""The answers that a run wants, one record a question; in a file, since millions do not fit in memory."""

import contextlib
import os
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from vtgdata.engine.work_keys import KEY_LENGTH, Question
from vtgdata.errors import VtgError

_HEAD = struct.Struct("<I")


class WantedAnswer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One wanted answer: its question without the frames, and its index."""

    key: str
    sample_id: str
    index: int
    prompt_id: str
    frames_id: str
    frame_times: tuple[float, ...]
    problem: str | None


class QuestionAnswers(msgspec.Struct, frozen=True, kw_only=True, gc=False, array_like=True):
    """The answers wanted for one question, in little memory; `each` gives a `WantedAnswer` for each."""

    sample_id: str
    prompt_id: str
    frames_id: str
    frame_times: tuple[float, ...]
    problem: str | None
    keys: bytes
    """The keys of all answers one after another, as bytes rather than hex digits."""

    @property
    def n(self) -> int:
        """How many answers are wanted."""
        return 2 * len(self.keys) // KEY_LENGTH

    def each(self) -> list[WantedAnswer]:
        """One record for each answer, in order of index."""
        width, packed = KEY_LENGTH, self.keys.hex()
        return [
            WantedAnswer(
                key=packed[start : start + width],
                sample_id=self.sample_id,
                index=start // width,
                prompt_id=self.prompt_id,
                frames_id=self.frames_id,
                frame_times=self.frame_times,
                problem=self.problem,
            )
            for start in range(0, len(packed), width)
        ]


def question_answers(question: Question, keys: list[str]) -> QuestionAnswers:
    """The record of a question and its keys."""
    return QuestionAnswers(
        sample_id=question.sample_id,
        prompt_id=question.prompt_id,
        frames_id=question.frames_id,
        frame_times=question.frame_times,
        problem=question.problem,
        keys=bytes.fromhex("".join(keys)),
    )


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(QuestionAnswers).decode


class Spool:
    """Records in order, in an unnamed temporary file; a context manager, for one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """Create the file in a folder; it disappears when this closes or the process ends.

        Raises VtgError, as `add` does, when it cannot be written.
        """
        self._folder, self.end, self._moved = folder, 0, False
        try:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        except OSError as error:
            raise self._unwritable(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A full disk has already been reported by the write.
        with contextlib.suppress(OSError):
            self._file.close()

    def add(self, record: QuestionAnswers) -> None:
        """Put a record at the end."""
        packed = _encode(record)
        try:
            if self._moved:
                self._file.seek(0, os.SEEK_END)
                self._moved = False
            self._file.write(_HEAD.pack(len(packed)) + packed)
        except OSError as error:
            raise self._unwritable(error) from error
        self.end += _HEAD.size + len(packed)

    def read(self, since: int = 0) -> Iterator[tuple[int, QuestionAnswers]]:
        """Each record with its position, from the position `since` on; nothing may be added meanwhile."""
        place = since
        while place < self.end:
            record, after = self._at(place)
            yield place, record
            place = after

    def at(self, place: int) -> QuestionAnswers:
        """The record at a position that `read` gave."""
        return self._at(place)[0]

    def _at(self, place: int) -> tuple[QuestionAnswers, int]:
        self._moved = True
        try:
            # Seeking to the current position would throw the buffer away.
            if self._file.tell() != place:
                self._file.seek(place)
            (length,) = _HEAD.unpack(self._file.read(_HEAD.size))
            return _decode(self._file.read(length)), place + _HEAD.size + length
        except OSError as error:  # buffered records are written now at the latest
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> VtgError:
        return VtgError(
            f"{self._folder}: cannot be written ({error.strerror}). Free some room or mend the permissions, and run "
            "the same command again: what was answered is kept."
        )
