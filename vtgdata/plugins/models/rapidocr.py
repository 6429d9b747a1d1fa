"""A teacher that reads: when is a text on the screen? `rapidocr` looks at every frame with the OCR models of a wheel.

`rapidocr`, or `rapidocr:least=0.8`. It looks for the words that a query has in quotation marks, else for those after
`text`, `word`, `sign` or `title`, else for all of it; whether a frame shows them goes by letters and digits alone. The
answer is the longest run of frames that do, from the first one's time to the time of the frame after the last. It needs
no server and no download: pip install 'vtgdata[ocr]'.
"""

import asyncio
import difflib
import io
import re
from functools import lru_cache
from importlib import metadata
from typing import Any

from vtgdata.errors import VtgError
from vtgdata.files.video_files import PICTURES
from vtgdata.records import Endpoint, Image, ModelExample, Reply, Request, Text

LOCAL = True
NEEDS = "rapidocr_onnxruntime"
_PACKAGE = "rapidocr-onnxruntime"
VERSION = 1
"""Version of what it makes of the words that were read: raise it with every change of an answer."""
_QUOTED = re.compile(r"[\"“”„«»](.+?)[\"“”„«»]|(?:\A|\s)['‘’](.+?)['‘’](?=\W|\Z)")
_NAMED = re.compile(
    r"\b(?:text|words?|sign|title|caption|letters?)\b:? +(.+?)(?: +(?:is|are|appears?|can be)\b.*|\W*)\Z", re.IGNORECASE
)
_OTHER = re.compile(r"[\W_]+")


class Reader:
    """Reads frames; see the module."""

    looks, concurrency = True, 2

    def __init__(self, engine: Any, least: float) -> None:
        self.least = least
        self.id = f"rapidocr:{metadata.version(_PACKAGE)}-{VERSION}-{least:g}"
        self._engine = engine
        self._seen = lru_cache(maxsize=4096)(self._read)
        self._reading = asyncio.Lock()

    async def generate(self, request: Request) -> list[Reply]:
        """The same answer for every seed."""
        parts = [part for message in request.messages for part in message.parts]
        wanted = _wanted(next((_own_words(part) for part in parts if isinstance(part, Text) and part.data), ""))
        frames = [part for part in parts if isinstance(part, Image)]
        async with self._reading:
            try:
                lines = [await asyncio.to_thread(self._seen, frame.jpeg) for frame in frames]
            except OSError:
                return [Reply(text=None, finish_reason="error", error="a frame is no picture") for _ in request.seeds]
        shown = [any(_alike(wanted, line) >= self.least for line in each) for each in lines]
        text = _said(wanted, [frame.time for frame in frames], shown)
        return [Reply(text=text, tokens_in=0, tokens_out=len(text.split())) for _ in request.seeds]

    async def close(self) -> None:
        """Nothing is held; another event loop may ask."""
        self._reading = asyncio.Lock()

    def _read(self, jpeg: bytes) -> tuple[str, ...]:
        """The lines of text in a picture, and all of them as one."""
        import numpy as np
        from PIL import Image as Picture

        with Picture.open(io.BytesIO(jpeg), formats=PICTURES) as picture:
            pixels = np.asarray(picture.convert("RGB"))[:, :, ::-1]
        found, _ = self._engine(np.ascontiguousarray(pixels))
        lines = tuple(str(line[1]) for line in found or ())
        return (*lines, " ".join(lines)) if lines else ()


def _own_words(part: Text) -> str:
    """The sample's own words in a text: its query."""
    start, end = (part.data or ((0, 0),))[0]
    return part.text[start:end]


def _wanted(query: str) -> str:
    """The text that a query asks for.

    >>> _wanted('the text "EXIT 12" is shown'), _wanted("a sign EXIT is shown"), _wanted("Opening title")
    ('EXIT 12', 'EXIT', 'Opening title')
    """
    if quoted := _QUOTED.search(query):
        return (quoted[1] or quoted[2]).strip()
    named = _NAMED.search(query)
    return named[1].strip() if named else query.strip()


def _alike(wanted: str, line: str) -> float:
    """How much of a wanted text a line has, in [0, 1], by letters and digits alone; it may stand in a longer line."""
    a, b = (_OTHER.sub("", text).casefold() for text in (wanted, line))
    if not a:
        return 0.0
    if a in b:
        return 1.0
    matched = sum(block.size for block in difflib.SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())
    return matched / max(len(a), min(len(b), 2 * len(a)))


def _said(wanted: str, times: list[float], shown: list[bool]) -> str:
    """The answer in words: which frames show the text, and the longest run of them."""
    runs: list[list[int]] = []
    for place, there in enumerate(shown):
        if there and runs and runs[-1][1] == place - 1:
            runs[-1][1] = place
        elif there:
            runs.append([place, place])
    if not runs:
        return f'<think>No frame shows "{wanted}".</think><answer></answer>'
    first, last = max(runs, key=lambda run: run[1] - run[0])
    step = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 1.0
    start, end = times[first], times[last + 1] if last + 1 < len(times) else times[last] + step
    thought = f'"{wanted}" is read from the frame at {start:.1f} s to the one at {times[last]:.1f} s.'
    return f"<think>{thought}</think><answer>{start:.1f} to {end:.1f}</answer>"


def connect(argument: str, endpoint: Endpoint, *, least: float = 0.8) -> Reader:
    """Open the OCR models.

    Args:
        argument: nothing.
        endpoint: not used.
        least: how much of a text must be read in a frame, from 0 (none) to 1.

    Raises VtgError for an argument, a bound outside (0, 1], or when the package is not installed.
    """
    del endpoint
    if argument:
        raise VtgError(f"rapidocr:{argument}: it takes no argument; what it reads is in the query. Write rapidocr.")
    if not 0 < least <= 1:
        raise VtgError(f"rapidocr: least={least:g} must lie in (0, 1].")
    try:
        from rapidocr_onnxruntime import RapidOCR  # pyright: ignore[reportMissingImports, reportUnknownVariableType]
    except ModuleNotFoundError as error:
        raise VtgError(f"rapidocr needs {error.name}: pip install 'vtgdata[ocr]'") from error
    engine: Any = RapidOCR()
    return Reader(engine, least)


EXAMPLE = ModelExample(seeded=False)
