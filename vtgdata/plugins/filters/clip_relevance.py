"""CLIP relevance: drops samples whose window looks no more like the query than the rest of the video does.

An image-text model (open_clip) gives the cosine similarity of each stored frame to the query. `relevance` compares each
frame inside the windows with each frame outside: it is the share of pairs in which the inner frame has the higher
similarity, a tie counting one half. It is 1 if the window stands out, 0.5 if it looks like the rest, 0 if the rest fits
better. `boundary contrast` is the similarity of frames just inside the windows' edges minus that of frames just
outside: it is low for a window that is shifted.

The model sees single frames, so it cannot distinguish movements (opens, closes): use a lower `least` for such queries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vtgdata.annotations.filtering import FilterExample, FrameReader, example_sample, seen
from vtgdata.errors import VtgError
from vtgdata.metrics.flat import as_array
from vtgdata.metrics.window_table import support
from vtgdata.records import Frames, LeftOut, Sample, Video, Window
from vtgdata.video import open_clip_model
from vtgdata.video.decode import jpeg

LOOKS = True
NEEDS = "open_clip"

_DECIMALS = 4
"""Cosines are rounded to this many decimals: further digits depend on the other frames of the batch."""

Floats = NDArray[np.float64]


class Relevance(NamedTuple):
    """How a sample's windows compare with the rest of the video."""

    relevance: float
    """In [0, 1]."""
    contrast: float
    """Boundary contrast, a difference of cosines; NaN if no edge has frames on both sides."""
    inside: float
    """Mean cosine of the frames in the windows."""
    outside: float
    """Mean cosine of the frames outside."""


def keep(
    samples: Sequence[Sample],
    frames: FrameReader | None,
    *,
    model: str = open_clip_model.MODEL,
    pretrained: str = open_clip_model.PRETRAINED,
    least: float = 0.5,
    batch: int = 64,
    device: str = "",
    keep_unknown: bool = False,
) -> list[LeftOut]:
    """Leave out samples with a relevance of `least` or less, and samples whose video has no frames to look at.

    Samples without windows stay, and so do samples whose windows cover all frames: there is nothing to compare.

    Args:
        samples: the samples, in file order.
        frames: function from a video to its frames.
        model: an open_clip name, `hf-hub:ORG/NAME`, or a folder with open_clip_config.json and the weights.
        pretrained: which weights of an open_clip name to load; ignored for a folder or the Hub.
        least: lower limit of relevance, in [0, 1].
        batch: frames per call of the model.
        device: `cuda` or `cpu`; if empty, a GPU is used if there is one.
        keep_unknown: keep samples whose video has no frames to look at.
    """
    if not 0 <= least <= 1 or batch < 1:
        raise VtgError(f"clip_relevance: least={least:g} must be in [0, 1] and batch={batch} 1 or more.")
    left: dict[str, LeftOut] = {}
    for sample, shown, found in judged(samples, frames, model=model, pretrained=pretrained, batch=batch, device=device):
        if shown.status != "ok":
            if not keep_unknown:
                left[sample.sample_id] = LeftOut(sample.sample_id, "video_unseen", f"the video is {shown.status}")
        elif found is not None and found.relevance <= least:
            left[sample.sample_id] = LeftOut(sample.sample_id, "clip_relevance", _told(found))
    return [left[sample.sample_id] for sample in samples if sample.sample_id in left]


def _told(found: Relevance) -> str:
    contrast = "none" if np.isnan(found.contrast) else f"{found.contrast:+.3f}"
    return (
        f"relevance {found.relevance:.2f}, boundary contrast {contrast}, cosine {found.inside:.3f} inside and "
        f"{found.outside:.3f} outside"
    )


def judged(
    samples: Sequence[Sample],
    frames: FrameReader | None,
    *,
    model: str,
    pretrained: str = "",
    batch: int = 64,
    device: str = "",
) -> Iterator[tuple[Sample, Frames, Relevance | None]]:
    """Yield each sample that has windows, with its video's frames and its relevance, video by video.

    The relevance is None if there is nothing to compare.
    """
    videos: dict[tuple[str, str], list[Sample]] = {}  # by file and id: two corpora may give two videos one id
    for sample in samples:
        if sample.windows:
            videos.setdefault((sample.video.file, sample.video.video_id), []).append(sample)
    for asked in videos.values():
        shown = seen("clip_relevance", frames, asked[0].video)
        if shown.status != "ok":
            yield from ((sample, shown, None) for sample in asked)
            continue
        clip = open_clip_model.load("the filter clip_relevance", model, pretrained, device)
        # A batch never mixes videos: so a sample's score does not depend on its neighbours in the file.
        pictures = np.concatenate(
            [clip.images(shown.images[i : i + batch]) for i in range(0, len(shown.images), batch)]
        )
        cosines = np.round(clip.texts([sample.query for sample in asked]) @ pictures.T, _DECIMALS)
        for sample, row in zip(asked, cosines, strict=True):
            yield sample, shown, relevance(row, shown.times, sample.windows)


def relevance(cosines: Floats, times: Sequence[float], windows: Sequence[Window]) -> Relevance | None:
    """How frames inside the windows compare with frames outside; None if no frame is outside.

    Args:
        cosines: (n,) cosine of each frame and the query.
        times: (n,) seconds, rising.
        windows: one or more; a window that contains no frame is represented by the frame shown at its start.

    >>> relevance(np.array([0.1, 0.3, 0.3, 0.1]), [0, 1, 2, 3], [Window(1, 3)])
    Relevance(relevance=1.0, contrast=0.2, inside=0.3, outside=0.1)
    """
    spans = [_places(times, *window) for window in support(as_array(windows)).tolist()]
    inside = np.zeros(len(times), dtype=bool)
    for first, last in spans:
        inside[first:last] = True
    if inside.all():
        return None
    ours, others = cosines[inside], cosines[~inside]
    pairs = ours[:, None] - others[None, :]
    edges = [edge for span in spans for edge in _edges(cosines, inside, *span)]
    return Relevance(
        relevance=float((pairs > 0).mean() + (pairs == 0).mean() / 2),
        contrast=round(float(np.mean(edges)), _DECIMALS) if edges else float("nan"),
        inside=float(ours.mean()),
        outside=float(others.mean()),
    )


def _places(times: Sequence[float], start: float, end: float) -> tuple[int, int]:
    """The frames of a window as indexes: the first, and one past the last."""
    first, last = (int(place) for place in np.searchsorted(times, [start, end]))
    return (first, last) if first < last else (max(0, last - 1), max(1, last))


def _edges(cosines: Floats, inside: NDArray[np.bool_], first: int, last: int) -> Iterator[float]:
    """The contrast at each edge of a window: mean cosine of its half next to the edge minus that beyond the edge.

    Beyond the edge, as many frames are taken as the half has, without those in a window; if none is left, the edge is
    skipped.
    """
    half = max(1, (last - first) // 2)
    for near, beyond in (
        (slice(first, first + half), slice(max(0, first - half), first)),
        (slice(last - half, last), slice(last, last + half)),
    ):
        others = cosines[beyond][~inside[beyond]]
        if others.size:
            yield float(cosines[near].mean() - others.mean())


def _drawn(video: Video) -> Frames:
    """Frames of an invented video, one per second: a red ring, then a blue cross from second 8 on."""
    from vtgdata.demo.scenes import PAIRS, draw_image
    from vtgdata.demo.scenes import STYLES as GROUNDS

    if video.video_id == "lost":
        return Frames(frames_id="", times=(), images=(), duration=0, status="missing")
    rng = np.random.default_rng(7)
    pairs = [PAIRS.index(("red", "ring") if second < 8 else ("blue", "cross")) for second in range(16)]
    images = tuple(jpeg(draw_image(pair, GROUNDS[0], rng), 28) for pair in pairs)
    return Frames(frames_id="", times=tuple(map(float, range(16))), images=images, duration=16.0, status="ok")


EXAMPLE = FilterExample(
    samples=(
        example_sample("right", "a blue cross", windows=[(8, 16)], duration=16.0),
        example_sample("wrong", "a blue cross", windows=[(0, 8)], duration=16.0),
        example_sample("all of it", "a blue cross", windows=[(0, 16)], duration=16.0),
        example_sample("unseen", "a blue cross", windows=[(8, 16)], video_id="lost", duration=16.0),
    ),
    left_out={"wrong": "clip_relevance", "unseen": "video_unseen"},
    settings={"model": "{clip_model}"},
    frames=_drawn,
)
