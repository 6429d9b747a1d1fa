"""Every command that runs a stage, on small inputs, with --json: what scripts read of it.

Those that train are not here, for they need more than is always installed.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from support import labelled
from support.builders import draw_video, make_sample
from support.hub_clients import environment
from support.hub_server import Hub
from support.published_forms import write_published
from support.release_builders import write_inputs
from support.servers import Server, seeded
from support.videos_command import vtgdata
from vtgdata.files.samples import write_samples

COMMANDS = {
    "ingest": "ingest charades_sta raw/charades_sta_train.txt --out o/ingest",
    "ingest, up to date": "ingest charades_sta raw/charades_sta_train.txt --out o/ingest",
    "ingest, videos": "ingest charades_sta raw/charades_sta_train.txt {videos} --out o/videos",
    "ingest, failed": "ingest charades_sta raw/charades_sta_train.txt --videos videos --out o/failed",
    "curate": "curate samples.parquet --filters query_words:low=3 --filters duration:high=5 --out o/curate",
    "negatives": "negatives --samples samples.parquet --grades other_video --share 0.5 --out o/negatives",
    "check": "check in/samples.parquet samples.parquet --accept one_window --accept one_query",
    "check, fixed": (
        "check in/samples.parquet samples.parquet --videos videos --fix --accept one_window --accept one_query "
        "--out o/check"
    ),
    "videos verify": "videos verify --samples samples.parquet {videos} --out o/verify",
    "videos bind": "videos bind --samples samples.parquet {videos} --out o/bind",
    "videos proxy": "videos proxy --samples samples.parquet {videos} --out o/proxy",
    "videos warm": "videos warm --samples samples.parquet {videos} --num-frames 4 --out o/warm",
    "videos warm, up to date": "videos warm --samples samples.parquet {videos} --num-frames 4 --out o/warm",
    "build-coldstart": "build-coldstart {scripted} {test} --n 6 --out o/coldstart",
    "score-difficulty": "score-difficulty {scripted} {test} --n 3 --out o/difficulty",
    "score-difficulty, adaptive": (
        "score-difficulty {scripted} {test} --n 2 --adaptive mean_iou:0.2:0.8:0.05 --out o/adaptive"
    ),
    "score-difficulty, plan": "score-difficulty {scripted} {test} --dry-run --out o/plan",
    "score-difficulty, no price": "score-difficulty {elsewhere} {test} --dry-run --out o/plan",
    "score-difficulty, batch": "score-difficulty {served} {test} --n 1 --batch b --out o/batch",
    "batch-import": "batch-import b results.jsonl",
    "retry": "retry o/difficulty",
    "compare-rates": ("compare-rates o/difficulty/pass_rates.parquet o/adaptive/pass_rates.parquet --out o/compared"),
    "import rollouts": "import rollouts published.jsonl --form tempsamp --out o/imported",
    "select": "select --pass-rates o/difficulty/pass_rates.parquet --size 3 --out o/select",
    "evaluate": "evaluate {served} --model openai_api:tiny --blind --other-query --max-failed 1 --out o/evaluate",
    "evaluate, up to date": (
        "evaluate {served} --model openai_api:tiny --blind --other-query --max-failed 1 --out o/evaluate"
    ),
    "evaluate, scripted": "evaluate {scripted} --out o/scripted",
    "evaluate, predictions": (
        "evaluate --samples samples.parquet --predictions p.jsonl --against p.jsonl --answers p.jsonl --out o/p"
    ),
    "propose": "propose {scripted} --stretch 2 --overlap 0.5 --ground-num-frames 8 --out o/propose",
    "propose, served": (
        "propose {served} --stretch 2 --overlap 0.5 --ground-num-frames 3 --max-failed 1 --out o/proposed"
    ),
    "propose, scored": (
        "propose {scripted} {videos} --score-by support.coloured_retriever --num-frames 2 --stretch 2 --overlap 0.5 "
        "--ground-num-frames 3 --best 1 --out o/scored"
    ),
    "propose, plan": "propose {elsewhere} --stretch 2 --overlap 0.5 --dry-run --out o/plan",
    "remove": "remove removed.json --sample-id alpha:001 --source in/samples.parquet",
    "release": "release {given} --version 1.0.0 --name Doors --out o/first",
    "release, next": "release {given} --version 2.0.0 --previous o/first --tombstones removed.json --out o/next",
    "rebuild": "rebuild o/first --raw in --out o/rebuilt",
    "rebuild, up to date": "rebuild o/first --raw in --out o/rebuilt",
    "rebuild, plan": "rebuild o/first --raw in --dry-run",
    "push, folder": "push o/first ./o/pushed",
    "push, dry run": "push o/first org/doors --dry-run",
    "push, hub": "push o/first org/doors",
    "push, hub next": "push o/next org/doors --dry-run",
    "push, hub again": "push o/first org/doors",
    "pull": "pull org/doors@v1.0.0 --out o/pulled",
    "diff": "diff o/first o/next",
    "run": "run recipe.yaml",
    "run, dry run": "run recipe.yaml --dry-run",
    "demo-draw": "demo-draw --videos 6 --out o/shapes",
    "demo-report": (
        "demo-report --evaluation o/evaluate/evaluation.json --pass-rates o/difficulty/pass_rates.parquet --samples "
        "samples.parquet --key key.jsonl --release o/first --model m --out o/report"
    ),
}
"""What is typed, in this order: some read what others wrote."""
SHORT = {
    "videos": "--videos videos --max-failed 1",
    "scripted": "--samples samples.parquet --model scripted:samples.parquet",
    "served": "--samples samples.parquet --model openai_api:tiny --endpoint URL --videos videos --num-frames 2",
    "elsewhere": (
        "--samples samples.parquet --model openai_api:tiny --endpoint http://server.example/v1 --videos videos "
        "--num-frames 2"
    ),
    "test": "--allow benchmarks",
    "given": (
        "--samples in/samples.parquet --coldstart in/traces.parquet --pass-rates in/pass_rates.parquet --splits "
        "rl=in/rows.parquet --drops in/drops.parquet"
    ),
}


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
    labelled.write(folder / "labels")
    answers = [{"sample_id": f"test:{n}", "windows": [[1.0, 2.5]], "option": "A"} for n in (0, 1, 1, 8)]
    (folder / "p.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in answers) + "torn {\n")
    (folder / "key.jsonl").write_text("".join(f'{{"id": "{n}", "wrong": {str(n > 3).lower()}}}\n' for n in range(6)))
    write_published(folder / "published.jsonl")
    (folder / "results.jsonl").write_text('{"custom_id": "none", "response": null, "error": null}\ntorn\n')
    step = {"command": "curate", "id": "some", "file": "samples.parquet", "filters": ["query_words:low=3"]}
    (folder / "recipe.yaml").write_text(json.dumps({"out": "o/run", "steps": [step]}))
    with Server(seeded) as server, Hub() as hub:
        yield environment(hub, folder / "home") | {"URL": server.url}


def typed(name: str, folder: Path, env: dict[str, str], *more: str) -> tuple[int, str]:
    """Exit code of one of COMMANDS, and what it said on stdout, without what is another every time."""
    words = COMMANDS[name].format(**SHORT).replace("URL", env["URL"]).split()
    done = vtgdata(*words, *more, "-q", cwd=folder, **env)
    said = done.stdout.replace(env["URL"], "URL").replace(env["HF_ENDPOINT"], "HUB").replace(str(folder), "FOLDER")
    return done.returncode, said
