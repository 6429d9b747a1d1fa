"""A picture of a card, read again: what is drawn, and that it all lies inside."""

from typing import NamedTuple
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
COLOURS = ("#4878a8", "#c8793c")


class Drawn(NamedTuple):
    """What a picture shows."""

    bars: list[ElementTree.Element]
    """The bars in colour."""
    texts: list[str]
    wide: float


def inside(svg: str) -> Drawn:
    """Read a picture; AssertionError if a text or a bar leaves it, or two texts of a column overlap."""
    root = ElementTree.fromstring(svg)
    wide, high = (float(root.get(name) or 0) for name in ("width", "height"))
    texts = list(root.iter(f"{SVG}text"))
    for text in texts:
        size = float(text.get("font-size") or 12)
        length = 7 * size / 12 * len(text.text or "")
        x, anchor = float(text.get("x") or 0), text.get("text-anchor")
        start = x - {"start": 0, "middle": length / 2, "end": length}[anchor or "start"]
        assert start >= -1 and start + length <= wide + 1, (text.text, start, length, wide)
        assert 0 < float(text.get("y") or 0) < high, text.text
        assert text.get("fill") == "black"
    rects = [rect for rect in root.iter(f"{SVG}rect") if rect.get("x")]
    for rect in rects:
        x, y, w, h = (float(rect.get(name) or 0) for name in ("x", "y", "width", "height"))
        assert x >= 0 and y >= 0 and x + w <= wide and y + h <= high and w >= 0 and h >= 0
    bars = [rect for rect in rects if rect.get("fill") in COLOURS]
    return Drawn(bars, [text.text or "" for text in texts], wide)
