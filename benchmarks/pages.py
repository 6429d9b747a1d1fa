"""The pages at scale: a report of 10^5 samples in a real browser, and `vtgdata view` at 10^6.

    python benchmarks/pages.py [--samples 100000] [--served 1000000]

Stated: bytes of the file, seconds until the page is ready, frame intervals while it scrolls for ten seconds (the limit
is 30 frames a second), memory of the page; of the server, seconds of the first page and of each kind of filter and
sort, as the page sees them, and the server's CPU seconds of each, which other work on the machine hardly changes. Needs
the program chromium. Both run on this machine's cores, browser and server together.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.browser import Page, browser
from vtgdata.conversation.verifying import example_row
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.schemas import PASS_RATES, ROLLOUTS
from vtgdata.records import Sample, Video, Window
from vtgdata.releases.pages.served import Served
from vtgdata.releases.pages.server import Server
from vtgdata.releases.pages.settings import PageSettings
from vtgdata.stages import report

WORDS = "a person opens the door and walks to a table where another one sits reading some old book aloud".split()
ANSWERS = 4


def make(folder: Path, n: int, answers: int) -> None:
    """Samples, pass rates, and answers to each of them."""
    rng = random.Random(n)

    def samples():
        for number in range(n):
            duration = round(rng.uniform(10, 180), 2)
            start = rng.uniform(0, duration * 0.7)
            yield Sample(
                sample_id=f"corpus{number % 7}:{number:08d}", corpus=f"corpus{number % 7}", split="train",
                video=Video(video_id=f"v{number // 3:07d}", file=f"v{number // 3:07d}.mp4", duration=duration),
                query=" ".join(rng.choices(WORDS, k=rng.randint(4, 14))),
                windows=(Window(round(start, 2), round(start + rng.uniform(1, duration - start), 2)),),
                license="MIT", origin=f"train.jsonl:{number}",
            )  # fmt: skip

    folder.mkdir(parents=True)
    write_samples(folder / "samples.parquet", samples())
    rng = random.Random(1)
    rates = ({"sample_id": f"corpus{number % 7}:{number:08d}", "model_id": "m", "measure": "iou>=0.5",
              "value": rng.randint(0, 8) / 8, "n": 8, "mean_iou": rng.random()} for number in range(n))  # fmt: skip
    write_parquet(folder / "pass_rates.parquet", rates, PASS_RATES)
    if answers:
        sample = Sample(sample_id="x", corpus="c", split="s", video=Video(video_id="v", file="v.mp4", duration=30.0),
                        query="q", windows=(Window(1.0, 5.0),))  # fmt: skip
        text = "<think>The door opens at 3.5 s and closes at 8.0 s.</think><answer>3.5 to 8.0</answer>"
        row = example_row(text, sample, index=0, key="k", model_id="m")
        told = (
            row | {"sample_id": f"corpus{number % 7}:{number:08d}", "key": f"{number}/{index}", "index": index}
            for number in range(n)
            for index in range(answers)
        )
        write_parquet(folder / "rollouts.parquet", told, ROLLOUTS)


ASKED = {
    "words": "filter=door",
    "phrase": 'filter="opens the door"',
    "text": "filter=corpus:corpus3",
    "not": "filter=-corpus:corpus3",
    "number": "filter=start>10 start<20",
    "rate": "filter=pass_rate<0.5",
    "id": "filter=sample_id:0012345",
    "several": "filter=door corpus:corpus3 pass_rate<0.5",
    "sort_rate": "sort=pass_rate&falling=1",
    "sort_query": "sort=query",
    "sort_id": "sort=sample_id&falling=1",
    "filter_and_sort": "filter=door&sort=query",
}
"""Each kind of filter and sort, as an address has it."""
SCROLL = """new Promise(done => {
    const body = document.querySelector('.body'), gaps = []; let last = performance.now(); const end = last + 10000;
    const step = now => {
        gaps.push(now - last); last = now; body.scrollTop += 300;
        if (body.scrollTop + body.clientHeight >= body.scrollHeight - 1) body.scrollTop = 0;
        now < end ? requestAnimationFrame(step) : done(gaps.slice(1));
    };
    requestAnimationFrame(step);
})"""


def scrolled(page: Page) -> dict[str, float]:
    """Median and 95th percentile of the milliseconds between two frames while the table scrolls, and the page's work.

    `cpu_ms_per_frame` is the time that the page's thread really worked, which other jobs of the machine hardly change.
    """
    page.call("Performance.enable", timeDomain="threadTicks")

    def worked() -> float:
        told = {each["name"]: each["value"] for each in page.call("Performance.getMetrics")["metrics"]}
        return told["TaskDuration"]

    before = worked()
    gaps = sorted(page.evaluate(SCROLL))
    return {
        "cpu_ms_per_frame": round(1000 * (worked() - before) / len(gaps), 1),
        "frames": len(gaps), "median_ms": round(gaps[len(gaps) // 2], 1),
        "p95_ms": round(gaps[int(len(gaps) * 0.95)], 1), "worst_ms": round(gaps[-1], 1),
    }  # fmt: skip


def of_report(folder: Path, n: int) -> dict[str, object]:
    """The report's figures."""
    make(folder / "in", n, ANSWERS)
    begun = time.perf_counter()
    done = report.run(report.Settings(path=str(folder / "in"), out=str(folder / "page.html")))
    made = time.perf_counter() - begun
    with browser() as open_page:
        open_page("about:blank", ready=False)
        begun = time.perf_counter()
        page = open_page((folder / "page.html").as_uri())
        opened = time.perf_counter() - begun
        told = scrolled(page)
        heap = page.call("Runtime.getHeapUsage")["usedSize"] / 1e6
        times = {}
        for name, filter_ in (("filter", "door corpus:corpus3 pass_rate<0.5"), ("sort", "")):
            begun = time.perf_counter()
            sort = "" if name == "filter" else "&sort=pass_rate&falling=1"
            page.evaluate(f"(location.hash = 'tab=samples&filter={filter_}{sort}')")
            page.wait(
                f"document.querySelector('.counted').textContent.startsWith('{n:,} of') === {str(not filter_).lower()}"
            )
            times[f"{name}_s"] = round(time.perf_counter() - begun, 2)
    return {
        "samples": n, "answers": n * ANSWERS, "megabytes": round(done.bytes / 1e6, 1), "made_s": round(made, 1),
        "opened_s": round(opened, 2), **times, **told, "page_heap_mb": round(heap),
    }  # fmt: skip


def of_view(folder: Path, n: int) -> dict[str, object]:
    """The server's figures, as a browser sees them."""
    make(folder / "in", n, 0)
    begun = time.perf_counter()
    with Server(Served(PageSettings(path=str(folder / "in")))) as server:
        started = time.perf_counter() - begun
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with browser() as open_page:
            open_page("about:blank", ready=False)
            begun = time.perf_counter()
            page = open_page(server.address)
            page.wait("document.querySelector('.row .query').textContent")
            first, times = time.perf_counter() - begun, {}
            for name, change in ASKED.items():
                begun, worked = time.perf_counter(), time.process_time()
                address = json.dumps(f"tab=samples&{change}")
                page.evaluate(f"(document.querySelector('.counted').textContent = '', location.hash = {address})")
                page.wait(
                    "document.querySelector('.counted').textContent && document.querySelector('.row.cursor')?.filled"
                )
                times[name] = [round(time.perf_counter() - begun, 2), round(time.process_time() - worked, 2)]
            told = scrolled(page)
        server.shutdown()
    return {"samples": n, "started_s": round(started, 1), "first_page_s": round(first, 2),
            "filters_s_cpu_s": times, "slowest_s": max(seconds for seconds, _ in times.values()), **told}  # fmt: skip


def main() -> None:
    """Print one JSON object for each of the two."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--served", type=int, default=1_000_000)
    parser.add_argument("--only", choices=("report", "view"))
    asked = parser.parse_args()
    if asked.only is None:  # each in a process of its own, so that its peak of memory is its own
        for name in ("report", "view"):
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--only", name], check=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        made = of_report(Path(folder), asked.samples) if asked.only == "report" else of_view(Path(folder), asked.served)
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps({"what": asked.only} | made | {"peak_mb": peak}))


if __name__ == "__main__":
    main()
