"""Long videos of grey with coloured moments planted in them, and a model that sees colours and nothing else.

    --model support.coloured: --prompt ground_or_none, with queries such as "the red moment"

It looks at the pictures that it is sent and at the times before them: what it finds was really shown to it.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import av
import numpy as np
from PIL import Image as Pictures

from vtgdata.records import Endpoint, Image, Reply, Request, Text

COLOURS = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}
LOCAL = True


def draw(
    path: Path, seconds: int, moments: Mapping[str, Sequence[tuple[float, float]]], *, rate: int = 1, gop: int = 10
) -> Path:
    """Write a video of so many seconds, grey but for the moments of each colour; a key frame every `gop` frames."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "g": str(gop)})
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for number in range(seconds * rate):
            shown = [name for name, own in moments.items() if any(a <= number / rate < b for a, b in own)]
            image = np.full((64, 64, 3), COLOURS[shown[0]] if shown else (110, 110, 110), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


class Sees:
    """Names every run of frames in the colour that the query names."""

    looks, concurrency, id = True, 4, "colours-1"

    async def generate(self, request: Request) -> list[Reply]:
        """The same answer for every seed."""
        parts = request.messages[-1].parts
        words = " ".join(part.text for part in parts if isinstance(part, Text))
        colour = next(name for name in COLOURS if f"the {name} moment" in words)
        images = [part for part in parts if isinstance(part, Image)]
        found = runs([image.time for image in images if dominant(image.jpeg) == colour], step(images))
        answer = ", ".join(f"({start:.1f}, {end:.1f})" for start, end in found)
        text = f"<think>I looked.</think><answer>{f'[{answer}]' if found else 'no such moment'}</answer>"
        return [Reply(text=text, tokens_in=100 * len(images), tokens_out=len(text.split())) for _ in request.seeds]

    async def close(self) -> None:
        """Nothing is held."""


def connect(argument: str, endpoint: Endpoint) -> Sees:
    del argument, endpoint
    return Sees()


def step(images: Sequence[Image]) -> float:
    return images[1].time - images[0].time if len(images) > 1 else 1.0


def dominant(jpeg: bytes) -> str:
    """The colour of a picture; nothing for grey."""
    mean = np.asarray(Pictures.open(io.BytesIO(jpeg)).convert("RGB")).reshape(-1, 3).mean(axis=0)
    return list(COLOURS)[int(mean.argmax())] if mean.max() - mean.min() > 60 else ""


def runs(times: Sequence[float], step: float) -> list[tuple[float, float]]:
    """Times of frames as windows: those one step apart are one."""
    found: list[tuple[float, float]] = []
    for time in times:
        if found and time <= found[-1][1] + step / 2:
            found[-1] = found[-1][0], time + step
        else:
            found.append((time, time + step))
    return found
