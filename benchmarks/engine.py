"""What the engine costs: its throughput against a server's, how soon a large run goes on, and its memory.

1. throughput: requests with frames to a loopback server with SLOTS places and a fixed service time, as a ratio to what
   these could serve; the same with answers kept in memory alone, so that the journal's part is seen.
2. resume: `vtgdata score-difficulty` over many stored rollouts with one sample that has none, from the start of the
   process to its first request. Limit for 10^6 rollouts: 20 s.
3. memory: the same command over more still, to its end; the most memory that it held. Limit for 8 x 10^6: 2 GB.

    python benchmarks/engine.py throughput
    python benchmarks/engine.py resume memory [SAMPLES OF MEMORY, by default 1000000]

Stored rollouts are made up here, in a folder that is removed again: 10^6 samples take about 10 GB and half an hour.
"""

import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.drawn_videos import draw
from support.servers import Server, completion
from vtgdata.conversation.prompt import load_prompt
from vtgdata.engine import ask
from vtgdata.engine.journal.journal import Attempt, Journal
from vtgdata.engine.questions import questions
from vtgdata.engine.work_keys import Question, work_keys
from vtgdata.files import plugins
from vtgdata.files.claims import JOURNAL
from vtgdata.files.samples import open_samples, write_samples
from vtgdata.records import Endpoint, Frames, Image, Message, Reply, Sample, Sampling, Text, Video, Window
from vtgdata.stages import difficulty
from vtgdata.video.store import FrameStore

SLOTS, SERVICE, ROUNDS = 64, 1.0, 120
FRAMES, JPEG = 16, 8_000
QUERIES = 80
"""Samples of one video."""
N = 8
SERVE = """
import sys, threading, time
sys.path.insert(0, sys.argv[1])
from support.servers import Server
slots, service = threading.Semaphore(int(sys.argv[2])), float(sys.argv[3])
def answer(body, number):
    with slots:
        time.sleep(service)
    return "<answer>1.0 to 2.0</answer>"
with Server(answer) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


class Memory:
    """A journal that forgets: what is left of a run's time is the asking."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def settled(self, keys: Iterable[str]) -> set[str]:
        """None of them."""
        return set()

    def record(self, entries: Sequence[Attempt]) -> None:
        """Forget them."""


def made_up(count: int) -> Iterator[Question]:
    """Questions with frames of the usual size."""
    draw_bytes = random.Random(0)
    for number in range(count):
        parts = [Image(draw_bytes.randbytes(JPEG), float(i)) for i in range(FRAMES)]
        yield Question(
            sample_id=f"s{number}",
            messages=(Message("user", (*parts, Text("When?"))),),
            prompt_id="p",
            frames_id=f"f{number}",
            frame_times=tuple(map(float, range(FRAMES))),
        )


def throughput() -> None:
    """Print both runs' requests a second, as a share of what the server can do."""
    tests = str(Path(__file__).parent.parent / "tests")
    command = [sys.executable, "-c", SERVE, tests, str(SLOTS), str(SERVICE)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout is not None and server.stdin is not None
        url = server.stdout.readline().strip()
        kept, share = Path(folder), {}
        for name, journal in (("on disk", Journal(kept / "j.sqlite")), ("in memory", Memory(kept / "m.sqlite"))):
            model = plugins.load("models", "openai_api").connect("tiny", Endpoint(urls=(url,), concurrency=SLOTS))
            begun, worked = time.monotonic(), time.process_time()
            count = SLOTS * ROUNDS
            ask.run(
                made_up(count),
                ask.Asking(model=model, sampling=Sampling(), n=1, seed=0, journal=journal, note=lambda record: None),
            )  # type: ignore[arg-type]
            seconds = time.monotonic() - begun
            share[name] = count / seconds / (SLOTS / SERVICE)
            print(
                f"answers {name}: {count} requests of {FRAMES} frames in {seconds:.1f} s, {share[name]:.3f} of the "
                f"server's {SLOTS / SERVICE:g} a second; "
                f"CPU {1000 * (time.process_time() - worked) / count:.1f} ms each"
            )
        print(f"the journal's part: {1 - share['on disk'] / share['in memory']:.3f} (limit 0.03)")
        server.stdin.close()


def settings(folder: Path, url: str) -> difficulty.Settings:
    """The command that is timed."""
    return difficulty.Settings(
        samples=str(folder / "samples.parquet"),
        out=str(folder / "out"),
        model="openai_api:tiny",
        endpoint=[url],
        videos=str(folder / "videos"),
        frames=str(folder / "frames"),
        n=N,
        num_frames=FRAMES,
    )


def prepare(folder: Path, count: int, url: str, last: bool) -> None:
    """Samples, videos and their stored frames, and a journal with N answers to each sample, or to all but the last."""
    asked = settings(folder, url)
    videos = [Video(video_id=f"v{i}", file=f"v{i}.mp4", duration=30.0) for i in range(count // QUERIES + 1)]
    _videos(folder, videos, asked)
    write_samples(folder / "samples.parquet", (_sample(i, videos[i // QUERIES]) for i in range(count)))
    store = FrameStore(folder / "videos", asked.frame_sampling(), folder / "frames", isolated=False)
    samples = open_samples(asked.samples)
    stored = samples if last else samples[:-1]
    made = questions(stored, load_prompt(asked.prompt), store, asked, "sighted")
    (folder / "out").mkdir()
    with Journal(folder / "out" / JOURNAL) as journal:
        attempts = _attempts(made, asked)
        while some := list(islice(attempts, 20_000)):
            journal.record(some)


def _videos(folder: Path, videos: list[Video], asked: difficulty.Settings) -> None:
    """Files that differ in a box that players skip, and entries of the frame store with the same pictures."""
    draw(folder / "one/one.mp4", 30, 1)
    content = (folder / "one/one.mp4").read_bytes()
    seen = FrameStore(folder / "one", asked.frame_sampling(), folder / "one/frames").frames(
        Video(video_id="one", file="one.mp4")
    )
    (folder / "videos").mkdir()
    for video in videos:
        name = video.video_id.encode().rjust(16)
        (folder / "videos" / video.file).write_bytes(content + (8 + len(name)).to_bytes(4, "big") + b"free" + name)
    store = FrameStore(folder / "videos", asked.frame_sampling(), folder / "frames", isolated=False)
    for video in videos:
        frames_id = store._id(folder / "videos" / video.file)
        store._write(Frames(**{**msgspec.structs.asdict(seen), "frames_id": frames_id}))


def _sample(number: int, video: Video) -> Sample:
    return Sample(
        sample_id=f"made:{number:08d}",
        corpus="made",
        split="rl",
        video=video,
        query=f"the person takes cup number {number} from the shelf and puts it down",
        windows=(Window(1.0 + number % 20, 5.0 + number % 20),),
        origin=f"made.jsonl:{number}",
        license="mit",
    )


def _attempts(asked: Iterable[Question], given: difficulty.Settings) -> Iterator[Attempt]:
    draw_times = random.Random(0)
    for question in asked:
        keys = work_keys(question, "openai_api:tiny", given.sampling(), N, given.seed)
        for index, key in enumerate(keys):
            start = draw_times.uniform(0, 20)
            text = (
                "<think>The cup is on the shelf at first. It is taken, and then it stands on the table.</think>"
                f"<answer>{start:.1f} to {start + 4:.1f}</answer>"
            )
            reply = Reply(text=text, seconds=1.0, endpoint="http://127.0.0.1/v1", tokens_in=4000, tokens_out=60)
            yield Attempt(key=key, sample_id=question.sample_id, index=index, reply=reply)


def command(folder: Path, url: str) -> list[str]:
    """The command line of `settings`."""
    given = [f"--{name.replace('_', '-')}={value}" for name, value in _changed(settings(folder, url))]
    return [sys.executable, "-m", "vtgdata", "score-difficulty", *given]


def _changed(given: difficulty.Settings) -> list[tuple[str, Any]]:
    values = msgspec.to_builtins(given) | {"endpoint": given.endpoint[0]}
    plain = ("samples", "out", "model", "endpoint", "videos", "frames", "n", "num_frames")
    return [(name, values[name]) for name in plain]


def resume(count: int = 125_001) -> None:
    """Print the seconds from the start of the process to the first request."""
    asked, came = threading.Event(), [0.0]

    def answer(body: dict[str, Any], number: int) -> dict[str, Any]:
        came[0] = came[0] or time.monotonic()
        asked.set()
        return completion("<answer>1.0 to 2.0</answer>")

    with Server(answer) as server, tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        prepare(folder, count, server.url, last=False)
        begun = time.monotonic()
        subprocess.run(command(folder, server.url), check=True, capture_output=True)
        assert asked.is_set() and len(server.requests) == N
        print(
            f"resume over {(count - 1) * N} stored rollouts: first request after {came[0] - begun:.1f} s (limit 20), "
            f"ended after {time.monotonic() - begun:.0f} s"
        )


def memory(count: int) -> None:
    """Print the most memory that the command held, and how long it took."""
    with Server(lambda body, number: completion("none")) as server, tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        begun = time.monotonic()
        prepare(folder, count, server.url, last=True)
        journal = (folder / "out" / JOURNAL).stat().st_size
        print(
            f"made {count} samples, a journal of {journal / 1e9:.1f} GB, in {time.monotonic() - begun:.0f} s",
            flush=True,
        )
        begun = time.monotonic()
        subprocess.run(command(folder, server.url), check=True, capture_output=True)
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        assert not server.requests
        print(
            f"{count} samples x {N}: at most {most / 1e9:.2f} GB (limit 2), "
            f"{time.monotonic() - begun:.0f} s to the tables"
        )


if __name__ == "__main__":
    words = sys.argv[1:] or ["throughput", "resume", "memory"]
    if "throughput" in words:
        throughput()
    if "resume" in words:
        resume()
    if "memory" in words:
        memory(next((int(word) for word in words if word.isdigit()), 1_000_000))
