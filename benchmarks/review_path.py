"""A person's way through forty labels, twenty of them wrong, walked by a script that sees only the page.

    python benchmarks/review_path.py [--videos 40] [--wrong 20]

In each video a bright patch is shown during the moment, and at no other time. The script looks at the video in the
page to see when; it presses 1 or 2 for the window that fits better, plays it, draws the edges to where it saw the patch
begin and end, and goes on with Enter. Stated: key strokes of each label, the largest distance of a corrected edge from
the planted truth, sound labels that changed, and the share of wrong labels that `vtgdata review` infers from the
decisions. Needs the program chromium.
"""

import argparse
import json
import random
import re
import sys
import tempfile
import threading
import time
from pathlib import Path

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.browser import Page, browser
from support.builders import make_sample
from vtgdata.files.label_reviews import CONTROL_COLUMNS, CONTROLS, QUEUE, QUEUE_COLUMNS, queue_row
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import read_samples, write_samples
from vtgdata.metrics import consensus
from vtgdata.records import Window
from vtgdata.releases.pages.served import Served
from vtgdata.releases.pages.server import Server
from vtgdata.releases.pages.settings import PageSettings
from vtgdata.stages import review

SECONDS, FPS = 20.0, 10
SEES = """async time => {
    const video = document.querySelector('video');
    if (video.readyState < 2) await new Promise(done => video.addEventListener('loadeddata', done, {once: true}));
    video.pause();
    const there = new Promise(done => video.addEventListener('seeked', done, {once: true}));
    video.currentTime = time; await there;
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const canvas = new OffscreenCanvas(8, 8), to = canvas.getContext('2d');
    to.drawImage(video, 0, 0, 8, 8);
    return to.getImageData(4, 4, 1, 1).data[0] > 128;
}"""


def draw(path: Path, start: float, end: float) -> None:
    """A grey video with a bright patch from start to end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for number in range(int(SECONDS * FPS)):
            inside = start - 1e-6 <= number / FPS < end - 1e-6
            picture = np.full((64, 64, 3), 230 if inside else 40, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def make(folder: Path, n: int, wrong: int) -> dict[str, tuple[float, float]]:
    """Videos, samples of which some have wrong labels, and a queue with what answers near the truth agree on.

    Every label is a control, as if the whole pool had been drawn at random. Returns the truth.
    """
    rng = random.Random(4)
    truth: dict[str, tuple[float, float]] = {}
    samples = []
    for number in range(n):
        start = round(rng.uniform(1, 12), 1)
        end = round(start + rng.uniform(2, 6), 1)
        draw(folder / f"videos/v{number}.mp4", start, end)
        name = f"p:{number}"
        truth[name] = start, end
        moved = round(start - 6, 1) if start > 9 else round(start + 5.5, 1)
        shown = (max(0.0, moved), round(max(0.0, moved) + 2.5, 1)) if number < wrong else (start, end)
        samples.append(
            make_sample(name, video_id=f"v{number}", duration=SECONDS, query=f"patch {number}", windows=[shown])
        )
    write_samples(folder / "samples.parquet", samples)
    rows = []
    order = rng.sample(range(n), n)
    for place, number in enumerate(order):
        start, end = truth[f"p:{number}"]
        answers = [(max(0.0, start + rng.uniform(-0.5, 0.5)), end + rng.uniform(-0.5, 0.5)) for _ in range(6)]
        found = consensus.densest(answers)
        proposed = [[round(time, 3) for time in found.window]]
        told = {"proposed": proposed, "low": [], "high": [], "agree": found.share, "answers": 6}
        rows.append(queue_row(place, samples[number], told))
    (folder / "audit").mkdir()
    write_parquet(folder / "audit" / QUEUE, rows, QUEUE_COLUMNS)
    controls = [{"sample_id": name, "pool": n} for name in truth]
    write_parquet(folder / "audit" / CONTROLS, controls, CONTROL_COLUMNS)
    return truth


def seen(page: Page) -> tuple[float, float]:
    """When the patch is there, by looking at the video: each edge to the frame."""

    def there(frame: int) -> bool:
        return bool(page.evaluate(f"({SEES})({(frame + 0.5) / FPS})"))

    inside: list[int] = []
    while not inside:  # a person looks again
        inside = [frame for frame in range(0, int(SECONDS * FPS), FPS) if there(frame)]
    low, high = max(0, inside[0] - FPS), inside[0]  # there is no patch at `low`, and one at `high`
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if there(middle) else (middle, high)
    start, low, high = high, inside[-1], min(int(SECONDS * FPS), inside[-1] + FPS)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if there(middle) else (low, middle)
    return start / FPS, high / FPS


def lanes(page: Page) -> dict[str, tuple[float, float]]:
    """The windows that are drawn, as their tips say."""
    tips = page.evaluate("[...document.querySelectorAll('.timeline .span title')].map(t => t.textContent)")
    found = [re.match(r"(\w+): ([\d.]+) s to ([\d.]+) s", tip) for tip in tips]
    return {each[1]: (float(each[2]), float(each[3])) for each in found if each}


def place_of(page: Page, time: float) -> float:
    """Where a time lies on the screen, by the lines of the axis."""
    left = page.evaluate("document.querySelector('.timeline').getBoundingClientRect().x")
    lines = page.evaluate("[...document.querySelectorAll('.timeline .grid')].map(g => Number(g.getAttribute('x1')))")
    return left + lines[0] + (lines[-1] - lines[0]) * time / SECONDS


def walk(page: Page, n: int) -> list[int]:
    """Decide all labels; returns the key strokes of each."""
    strokes: list[int] = []
    for number in range(n):
        page.wait(f"document.querySelector('.progress').textContent.startsWith('label {number + 1} of')")
        page.wait("document.querySelectorAll('.timeline .span').length >= 1 && document.querySelector('video')")
        truth, shown, pressed = seen(page), lanes(page), []
        off = {name: abs(span[0] - truth[0]) + abs(span[1] - truth[1]) for name, span in shown.items()}
        pressed += ["1" if min(off, key=lambda name: off[name]) == "A" else "2", " ", " "]
        for key in pressed:
            page.press(key)
        page.wait("document.querySelector('.handle')")
        for edge in (0, 1):
            if abs(lanes(page)["yours"][edge] - truth[edge]) > 0.02:
                page.drag(f"[data-edge='0:{edge}']", place_of(page, truth[edge]))
        page.press("Enter")
        strokes.append(len(pressed) + 1)
    return strokes


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--videos", type=int, default=40)
    parser.add_argument("--wrong", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, n = Path(name), asked.videos
        truth = make(folder, n, asked.wrong)
        settings = PageSettings(
            path=str(folder / "audit"), samples=str(folder / "samples.parquet"), videos=str(folder / "videos")
        )
        with Server(Served(settings, str(folder / "decisions.jsonl"))) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            with browser() as open_page:
                page = open_page(server.address)
                page.evaluate("document.querySelector('.who').focus()")
                page.type("ab")
                page.evaluate("document.activeElement.blur()")
                begun = time.perf_counter()
                strokes = walk(page, n)
                took = time.perf_counter() - begun
                page.wait(f"document.querySelector('.progress').textContent.endsWith('{n} decided')")
                complaints = page.complaints()
            server.shutdown()
        told = review.run(
            review.Settings(
                queue=str(folder / "audit"), samples=str(folder / "samples.parquet"),
                apply=str(folder / "decisions.jsonl"), out=str(folder / "new"),
            )
        )  # fmt: skip
        before = {each.sample_id: each for each in read_samples(folder / "samples.parquet")}
        made = {each.sample_id: each for each in read_samples(folder / "new/samples.parquet")}
        wrong = [name for name in truth if before[name].windows != (Window(*truth[name]),)]
        errors = [
            max(abs(made[n].windows[0].start - truth[n][0]), abs(made[n].windows[0].end - truth[n][1])) for n in wrong
        ]
        changed = [name for name in truth if name not in wrong and made[name].windows != before[name].windows]
        share = told.wrong
        print(
            json.dumps(
                {
                    "labels": n, "wrong": len(wrong), "most_strokes": max(strokes), "seconds": round(took, 1),
                    "largest_error_s": round(max(errors), 3), "sound_ones_changed": len(changed),
                    "share": share and [share.share, share.low, share.high], "planted": len(wrong) / n,
                    "decisions": told.decisions, "complaints": complaints,
                }
            )
        )  # fmt: skip


if __name__ == "__main__":
    main()
