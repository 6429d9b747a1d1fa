"""Draws the shapes corpus: real H.264 files with known moments, annotated as a corpus would publish them.

out/annotations.jsonl     one query a line, with a few of the faults that real annotations have (not in `test`)
out/videos/*.mp4          56 x 56 pixels, 10 to 50 s, various frame rates
out/wrong_labels.jsonl    which labels of split rl are wrong: the key, which only demo-report opens
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from vtgdata.demo.scenes import PAIRS, SIDE, STEPS, STYLES, compose, draw_image, level_of, sentence
from vtgdata.errors import VtgError
from vtgdata.files.live import each
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.files.whole import replacing, write_jsonl

if TYPE_CHECKING:
    import numpy as np

ENLARGED = 2
RATES = tuple(Fraction(rate) for rate in ("4", "5", "8", "10", "25/2", "15"))
NTSC = Fraction(30000, 1001)
SPLITS = {"sft": 0.40, "rl": 0.35, "test": 0.25}
FAULTS = ("end_past_video", "reversed_pair", "duplicate_row", "doubled_blank")


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of demo-draw. The same settings give the same files."""

    out: str
    """Folder for annotations.jsonl, wrong_labels.jsonl and videos/."""
    seed: int = 7
    """Seed of everything drawn."""
    videos: int = 1200
    """Number of videos: 40 % sft, 35 % rl, 25 % test."""
    wrong_labels: float = 0.4
    """Share of the queries of split rl, in [0, 0.6], whose label is another segment's window."""
    levels: list[int] = msgspec.field(default_factory=lambda: [0, 1])
    """Levels of the queries: 0 (no other segment shares the colour or shape that is asked for) and 1 (one does)."""
    trivial_sft: float = 0.12
    """Share of the videos of split sft, in [0, 1], that one event fills (level 2)."""
    trivial_rl: float = 0.25
    """Share of such videos in split rl, in [0, 1]; split test has none."""
    queries: int = 2
    """Maximum number of queries about one video, at least 1."""
    faults: float = 0.01
    """Share of the rows of sft and rl, in [0, 0.2], for each fault that ingest must repair or drop."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """What was drawn."""

    videos: int
    rows: int
    """Of annotations."""
    queries: dict[str, int]
    """By split and level."""
    wrong_labels: int
    faults: dict[str, int]
    """{fault: rows that have it}."""


def run(settings: Settings) -> Summary:
    """Draw the corpus."""
    import numpy as np

    if not set(settings.levels) <= {0, 1} or not settings.levels or settings.queries < 1:
        raise VtgError(
            f"levels {settings.levels} and queries {settings.queries}: give levels 0, 1 or both, queries >= 1."
        )
    with Step("demo-draw", settings, Summary, code=["vtgdata.demo.draw"]) as step:
        if (done := step.up_to_date()) is not None:
            return done
        out = step.start()
        (out / "videos").mkdir()
        rows: list[dict[str, Any]] = []
        splits = _splits(settings.videos)
        for number, split in enumerate(each(splits, len(splits), "demo-draw", "videos")):
            rng = np.random.default_rng([settings.seed, number])
            rows += _video(settings, f"v{number:04d}", split, rng, out / f"videos/v{number:04d}.mp4")
        rng = np.random.default_rng([settings.seed, len(splits)])
        wrong = _mislabel(rows, settings.wrong_labels, rng)
        faults = _spoil(rows, settings.faults, rng)
        write_jsonl(out / "annotations.jsonl", rows)
        write_jsonl(out / "wrong_labels.jsonl", [{"id": name, "wrong": value} for name, value in wrong.items()])
        summary = Summary(
            videos=len(splits),
            rows=len(rows),
            queries=dict(sorted(Counter(f"{row['split']}, level {row['level']}" for row in rows).items())),
            wrong_labels=sum(wrong.values()),
            faults=faults,
        )
        return step.finish(summary, ["annotations.jsonl", "wrong_labels.jsonl", "videos"])


def _splits(videos: int) -> list[str]:
    """The split of each video, in order."""
    sft, rl = (round(videos * SPLITS[name]) for name in ("sft", "rl"))
    return ["sft"] * sft + ["rl"] * rl + ["test"] * (videos - sft - rl)


def _video(settings: Settings, name: str, split: str, rng: np.random.Generator, path: Path) -> list[dict[str, Any]]:
    """Draw one file; returns its rows, the main event first."""
    trivial = rng.random() < {"sft": settings.trivial_sft, "rl": settings.trivial_rl}.get(split, 0.0)
    level = 2 if trivial else int(settings.levels[int(rng.integers(len(settings.levels)))])
    spans = compose(level, rng)
    step, rate = _clock(rng)
    _draw(path, spans, level, step, rate, rng)
    duration = float(STEPS * step)
    pairs = [pair for pair, _, _ in spans]
    scene = [
        {"colour": PAIRS[pair][0], "shape": PAIRS[pair][1], "start": float(a * step), "end": float(b * step)}
        for pair, a, b in sorted(spans, key=lambda span: span[1])
    ]
    others = [k for k in range(1, len(spans)) if spans[k][2] - spans[k][1] >= 2]
    others = [k for k in others if level_of(pairs[k], pairs) in settings.levels]
    asked = [0, *(int(k) for k in rng.permutation(others)[: settings.queries - 1])]
    return [
        {
            "id": f"{name}#{number}",
            "video": path.name,
            "split": split,
            "query": sentence(pairs[k]),
            "start": float(spans[k][1] * step),
            "end": float(spans[k][2] * step),
            "duration": duration,
            "scene": scene,
            "level": level_of(pairs[k], pairs),
        }
        for number, k in enumerate(asked)
    ]


def _clock(rng: np.random.Generator) -> tuple[Fraction, Fraction]:
    """Seconds per step (1 to 5, by halves) and frames a second: a step is a whole number of frames."""
    step = Fraction(int(rng.integers(2, 11)), 2)
    # NTSC only for short steps: 29.97 frames a second are many.
    if step <= 2 and step.denominator == 1 and rng.random() < 0.5:
        return step * Fraction(1001, 1000), NTSC
    fitting = [rate for rate in RATES if (rate * step).denominator == 1]
    # Few frames are drawn and decoded faster, so a higher rate is chosen less often.
    shares = [1 / float(rate) for rate in fitting]
    return step, fitting[int(rng.choice(len(fitting), p=[share / sum(shares) for share in shares]))]


def _draw(
    path: Path, spans: list[tuple[int, int, int]], level: int, step: Fraction, rate: Fraction, rng: np.random.Generator
) -> None:
    pictures = {k: draw_image(pair, STYLES[level], rng) for pair, first, last in spans for k in range(first, last)}
    frames = int(step * rate)
    # A time such as 3.003 s is not an exact float; a step shown one frame (33 ms) early is surely there at its time.
    early = int(rate == NTSC)
    counts = [frames - early * (k == 0) + early * (k == STEPS - 1) for k in range(STEPS)]
    encoded = encode(((pictures[k], counts[k]) for k in range(STEPS)), rate)
    with replacing(path) as file:
        file.write(encoded)


def _mislabel(rows: list[dict[str, Any]], share: float, rng: np.random.Generator) -> dict[str, bool]:
    """Give some rows of split rl the window of another segment, which never overlaps; returns by id which ones."""
    pool = [row for row in rows if row["split"] == "rl"]
    able = [k for k, row in enumerate(pool) if len(row["scene"]) > 1]
    wanted = round(share * len(pool))
    if wanted > len(able):
        raise VtgError(f"wrong_labels {share}: only {len(able)} of {len(pool)} rl queries have a second segment.")
    chosen = {able[int(k)] for k in rng.permutation(len(able))[:wanted]}
    for k in sorted(chosen):
        row = pool[k]
        others = [segment for segment in row["scene"] if segment["start"] != row["start"]]
        other = others[int(rng.integers(len(others)))]
        row["start"], row["end"] = other["start"], other["end"]
    return {row["id"]: k in chosen for k, row in enumerate(pool)}


def _spoil(rows: list[dict[str, Any]], share: float, rng: np.random.Generator) -> dict[str, int]:
    """Put faults into rows of sft and rl, at most one into each row; returns the number of each fault."""
    able = [row for row in rows if row["split"] != "test"]
    count = round(share * len(able))
    chosen = [able[int(k)] for k in rng.permutation(len(able))[: count * len(FAULTS)]]
    # Only an event that runs to the video's end may end past it, else the repair (clamping) would give a wrong label.
    last = [row for row in able if row["end"] == row["duration"] and not any(row is one for one in chosen)]
    past = [last[int(k)] for k in rng.permutation(len(last))[:count]]
    for row in past:
        row["end"] = row["duration"] + 0.5
    reversed_pair, duplicate, doubled = chosen[:count], chosen[count : 2 * count], chosen[2 * count : 3 * count]
    for row in reversed_pair:
        row["start"], row["end"] = row["end"], row["start"]
    for row in doubled:
        row["query"] = row["query"].replace(" ", "  ")
    rows += [dict(row) for row in duplicate]
    return dict(zip(FAULTS, (len(past), len(reversed_pair), len(duplicate), len(doubled)), strict=True))


def encode(pictures: Iterable[tuple[np.ndarray, int]], rate: Fraction) -> bytes:
    """An mp4 (libx264, yuv420p, 56 x 56) in which each picture is shown for its number of frames.

    Pictures are enlarged twice without smoothing, so that the halved colour planes still hold every pixel.

    Args:
        pictures: (28, 28, 3) uint8 and a count of frames.
        rate: frames per second.
    """
    import av

    options = {"preset": "ultrafast", "crf": "16", "threads": "1"}
    # In memory, since PyAV loses what a file of ours raises, as for a disk that is full.
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.width = stream.height = SIDE * ENLARGED
        stream.pix_fmt = "yuv420p"
        stream.time_base = 1 / rate
        count = 0
        for picture, frames in pictures:
            large = picture.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1)
            frame = av.VideoFrame.from_ndarray(large, format="rgb24").reformat(format="yuv420p")
            frame.time_base = 1 / rate
            for _ in range(frames):
                frame.pts = count
                count += 1
                container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return target.getvalue()


def as_seen(file: BinaryIO, frames: Iterable[int]) -> np.ndarray:
    """Frames of an encoded clip as the frame store hands them to a model: (n, 28, 28, 3) uint8.

    Decoded, reduced by area, and once more through JPEG (quality 95, full colour).
    """
    import av
    import numpy as np
    from PIL import Image

    wanted = set(frames)
    seen = []
    file.seek(0)
    with av.open(file, "r") as container:
        for place, frame in enumerate(container.decode(video=0)):
            if place in wanted:
                small = frame.to_image().resize((SIDE, SIDE), Image.Resampling.BOX)
                buffer = io.BytesIO()
                small.save(buffer, "JPEG", quality=95, subsampling=0)
                seen.append(np.asarray(Image.open(buffer, formats=["JPEG"]).convert("RGB")))
    return np.stack(seen)
