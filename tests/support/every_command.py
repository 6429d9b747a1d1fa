"""Every command that runs a stage, on small inputs, with --json: what scripts read of it.

Those that train are not here, for they need more than is always installed.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from support.builders import draw_video, make_sample
from support.hub_clients import environment
from support.hub_server import Hub
from support.release_builders import write_inputs
from support.servers import Server, seeded
from support.videos_command import vtgdata
from vtgdata.files.samples import write_samples

ASK = ("--samples", "samples.parquet", "--model")
SCRIPTED = (*ASK, "scripted:samples.parquet")
SERVED = (*ASK, "openai_api:tiny", "--endpoint", "URL", "--videos", "videos", "--num-frames", 2)
VIDEOS = ("--samples", "samples.parquet", "--videos", "videos", "--max-failed", 1)
RELEASE = (
    "--samples", "in/samples.parquet", "--coldstart", "in/traces.parquet", "--pass-rates", "in/pass_rates.parquet",
    "--splits", "rl=in/rows.parquet", "--drops", "in/drops.parquet",
)  # fmt: skip
COMMANDS: dict[str, tuple[object, ...]] = {
    "ingest": ("ingest", "charades_sta", "raw/charades_sta_train.txt", "--out", "o/ingest"),
    "ingest, up to date": ("ingest", "charades_sta", "raw/charades_sta_train.txt", "--out", "o/ingest"),
    "ingest, videos": (
        "ingest", "charades_sta", "raw/charades_sta_train.txt", "--videos", "videos", "--max-failed", 1, "--out", "o/i",
    ),
    "ingest, failed": ("ingest", "charades_sta", "raw/charades_sta_train.txt", "--videos", "videos", "--out", "o/f"),
    "curate": ("curate", "samples.parquet", "--filter", "query_words:low=3", "--filter", "duration:high=5", "--out", "o/c"),
    "check": ("check", "in/samples.parquet", "samples.parquet"),
    "check, fixed": ("check", "in/samples.parquet", "samples.parquet", "--videos", "videos", "--fix", "--out", "o/k"),
    "videos verify": ("videos", "verify", *VIDEOS, "--out", "o/verify"),
    "videos bind": ("videos", "bind", *VIDEOS, "--out", "o/bind"),
    "videos proxy": ("videos", "proxy", *VIDEOS, "--out", "o/proxy"),
    "videos warm": ("videos", "warm", *VIDEOS, "--num-frames", 4, "--out", "o/warm"),
    "videos warm, up to date": ("videos", "warm", *VIDEOS, "--num-frames", 4, "--out", "o/warm"),
    "build-coldstart": ("build-coldstart", *SCRIPTED, "--n", 2, "--out", "o/cold"),
    "score-difficulty": ("score-difficulty", *SCRIPTED, "--n", 3, "--out", "o/difficulty"),
    "score-difficulty, adaptive": (
        "score-difficulty", *SCRIPTED, "--n", 2, "--adaptive", "mean_iou:0.2:0.8:0.05", "--out", "o/adaptive",
    ),
    "score-difficulty, plan": ("score-difficulty", *SCRIPTED, "--dry-run", "--out", "o/plan"),
    "score-difficulty, plan unpriced": (
        "score-difficulty", *SERVED, "--dry-run", "--out", "o/unpriced",
    ),
    "score-difficulty, batch": (
        "score-difficulty", *SERVED, "--n", 1, "--batch", "b", "--out", "o/batch",
    ),
    "batch-import": ("batch-import", "b", "results.jsonl"),
    "retry": ("retry", "o/difficulty"),
    "select": ("select", "--pass-rates", "o/difficulty/pass_rates.parquet", "--size", 3, "--out", "o/select"),
    "evaluate": (
        "evaluate", *SERVED, "--model", "openai_api:tiny", "--blind", "--other-query", "--max-failed", 1, "--out", "o/e",
    ),
    "evaluate, up to date": (
        "evaluate", *SERVED, "--model", "openai_api:tiny", "--blind", "--other-query", "--max-failed", 1, "--out", "o/e",
    ),
    "evaluate, blind to videos": ("evaluate", *SCRIPTED, "--out", "o/s"),
    "evaluate, predictions": (
        "evaluate", "--samples", "samples.parquet", "--predictions", "p.jsonl", "--against", "p.jsonl", "--answers",
        "p.jsonl", "--out", "o/p",
    ),
    "remove": ("remove", "removed.json", "--sample-id", "alpha:001", "--source", "in/samples.parquet"),
    "release": ("release", *RELEASE, "--version", "1.0.0", "--name", "Doors", "--out", "o/r1"),
    "release, next": (
        "release", *RELEASE, "--version", "2.0.0", "--previous", "o/r1", "--tombstones", "removed.json", "--out", "o/r2",
    ),
    "push, folder": ("push", "o/r1", "./o/pushed"),
    "push, dry run": ("push", "o/r1", "org/doors", "--dry-run"),
    "push, hub": ("push", "o/r1", "org/doors"),
    "push, hub next": ("push", "o/r2", "org/doors", "--dry-run"),
    "push, hub again": ("push", "o/r1", "org/doors"),
    "pull": ("pull", "org/doors@v1.0.0", "--out", "o/pulled"),
    "diff": ("diff", "o/r1", "o/r2"),
    "run": ("run", "recipe.yaml"),
    "run, dry run": ("run", "recipe.yaml", "--dry-run"),
    "demo-draw": ("demo-draw", "--videos", 6, "--out", "o/shapes"),
    "demo-report": (
        "demo-report", "--evaluation", "o/e/evaluation.json", "--pass-rates", "o/difficulty/pass_rates.parquet", "--samples",
        "samples.parquet", "--key", "key.jsonl", "--release", "o/r1", "--model", "m", "--out", "o/report",
    ),
}  # fmt: skip


@contextlib.contextmanager
def desk(folder: Path) -> Iterator[dict[str, str]]:
    """A folder with what the commands read, and the servers that they speak to: the environment to type them in."""
    (folder / "raw").mkdir()
    lines = [
        "AAAAA 0.0 6.9##a person opens a door.",
        "BBBBB 7.0 6.0##reversed.",
        "torn",
        "CCCCC 1.0 2.0##a person sits.",
    ]
    (folder / "raw/charades_sta_train.txt").write_text("".join(f"{line}\n" for line in lines))
    for name in ("AAAAA", "v0", "v1", "v2"):
        draw_video(folder / f"videos/{name}.mp4")
    samples = [make_sample(f"test:{n}", video_id=f"v{n}", duration=4.0, windows=[(1.0, 2.0 + n / 4)]) for n in range(6)]
    samples.append(make_sample("test:9", video_id="v9", query="short", duration=9.0, split="test"))
    write_samples(folder / "samples.parquet", samples)
    write_inputs(folder / "in")
    answers = [{"sample_id": f"test:{n}", "windows": [[1.0, 2.5]], "option": "A"} for n in (0, 1, 1, 8)]
    (folder / "p.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in answers) + "torn {\n")
    (folder / "key.jsonl").write_text("".join(f'{{"id": "{n}", "wrong": {str(n > 3).lower()}}}\n' for n in range(6)))
    (folder / "results.jsonl").write_text('{"custom_id": "none", "response": null, "error": null}\ntorn\n')
    step = {"command": "curate", "id": "some", "file": "samples.parquet", "filters": ["query_words:low=3"]}
    (folder / "recipe.yaml").write_text(json.dumps({"out": "o/run", "steps": [step]}))
    with Server(seeded) as server, Hub() as hub:
        yield environment(hub, folder / "home") | {"URL": server.url}


def typed(words: tuple[object, ...], folder: Path, env: dict[str, str], *more: str) -> tuple[int, str]:
    """Exit code of a command, and what it said on stdout, without what is another every time."""
    done = vtgdata(*(env["URL"] if word == "URL" else word for word in words), *more, "-q", cwd=folder, **env)
    said = done.stdout.replace(env["URL"], "URL").replace(env["HF_ENDPOINT"], "HUB").replace(str(folder), "FOLDER")
    return done.returncode, said
