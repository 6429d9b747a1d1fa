"""A small release whose rows were asked about drawn videos, and exports of it read as their trainers read them."""

import json
import re
import runpy
from pathlib import Path
from typing import Any, NamedTuple

from support.drawn_videos import draw
from support.release_builders import (
    PROMPT,
    PROMPT_ID,
    make_pass_rate,
    make_release,
    make_sample,
    make_trace,
)
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.schemas import DRAWN, PASS_RATES, TRACES
from vtgdata.records import Sample, Video
from vtgdata.stages import export


class Shown(NamedTuple):
    """A drawn video and how many evenly spaced frames of it are shown."""

    seconds: float
    rate: str
    frames: int
    as_video: bool = False
    """Whether the model was shown them as one video."""


TARGET = "<think>I see it.</think><answer>3.0 to 7.5</answer>"
SIX = Shown(9.0, "2", 6)
"""0, 1.5, ... 7.5 s."""


def asked(number: int, shown: Shown, **changes: Any) -> tuple[Sample, dict[str, Any]]:
    """A sample on a video of its own, and what its rows say of the question."""
    video = Video(video_id=f"v{number}", file=f"v{number}.mp4", duration=shown.seconds)
    sample = make_sample(number, **{"video": video} | changes)
    sampling = {"frames": shown.frames, "fps": None, "midpoint": False, "short_side": 32}
    sampling |= {"shown_as": "video"} if shown.as_video else {}
    drawn = {"temperature": 0.7, "top_p": 0.9, "max_tokens": 256, "seed": 7}
    return sample, {"frame_sampling": json.dumps(sampling), "sampling": json.dumps(drawn)}


def released(folder: Path, *shown: Shown, prompt: str = PROMPT, target: str = TARGET, **changes: Any) -> Path:
    """A release of one sample for each video, in both configs; the videos lie in `folder/videos`."""
    from vtgdata.files import fingerprint

    pairs = [asked(number, each, **changes) for number, each in enumerate(shown)]
    for number, each in enumerate(shown):
        if not (folder / f"videos/v{number}.mp4").exists():
            draw(folder / f"videos/v{number}.mp4", round(each.seconds * float(each.rate)), each.rate)
    more = {"prompt": prompt, "prompt_id": PROMPT_ID}
    if prompt != PROMPT:
        more["prompt_id"] = f"other-{fingerprint.short(prompt)[:8]}"
    write_samples(folder / "samples.parquet", [sample for sample, _ in pairs])
    traces = [make_trace(sample, **said | more, target=target) for sample, said in pairs]
    write_parquet(folder / "traces.parquet", traces, TRACES | DRAWN)
    rates = [make_pass_rate(sample, **said | more) for sample, said in pairs]
    write_parquet(folder / "rates.parquet", rates, PASS_RATES | DRAWN)
    chosen = [rate | {"rank": rank} for rank, rate in enumerate(rates)]
    write_parquet(folder / "rows.parquet", chosen, PASS_RATES | DRAWN | {"rank": "count"})
    given = {
        "samples": str(folder / "samples.parquet"),
        "coldstart": str(folder / "traces.parquet"),
        "splits": {"rl": str(folder / "rows.parquet")},
    }
    return make_release(folder / "release", given)


def exported(folder: Path, name: str, out: str = "o", **changes: Any) -> tuple[Path, export.Summary]:
    """Run the stage on the release in a folder; returns where the export lies, and its summary."""
    values: dict[str, Any] = {"videos": str(folder / "videos"), "frames": str(folder / "frames")} | changes
    summary = export.run(
        export.Settings(format=name, release=str(folder / "release"), out=str(folder / out / name), **values)
    )
    return folder / out / name, summary


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a data file."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        return pq.read_table(path).to_pylist()
    return [json.loads(line) for line in path.read_text().splitlines()]


def told(path: Path, name: str, row: dict[str, Any]) -> list[float]:
    """The times at which a trainer takes the frames of a video row to be shown, by what it reads of the export."""
    if name == "verl":
        (clip,) = row["videos"]
        return [number / clip["sample_fps"] for number in range(len(clip["video"]))]
    (files,) = row["videos"]
    said = {
        "ms_swift": r"FPS=([\d.e-]+) ",
        "llama_factory": r"video_fps: ([\d.e-]+)\n",
        "easyr1": r"video_fps\": (2.0)",
    }
    where = {"ms_swift": "launch.sh", "llama_factory": "config.yaml", "easyr1": "config.yaml"}[name]
    found = re.search(said[name], (path / where).read_text().replace('":', '": '))
    assert found, (path / where).read_text()
    return [number / float(found[1]) for number in range(len(files))]


def words(row: dict[str, Any]) -> list[Any]:
    """The question of a row: its texts, and the files of its pictures in their places."""
    messages = row.get("messages") or row.get("prompt") or [{"role": "user", "content": row["problem"]}]
    images = iter([each["image"] if isinstance(each, dict) else each for each in row.get("images", [])])
    found: list[Any] = []
    for message in messages:
        if message["role"] == "assistant":
            continue
        content = message["content"]
        if isinstance(content, list) and content[0]["type"] == "image_url":
            images = iter([part["image_url"]["url"] for part in content if part["type"] == "image_url"])
            content = content[-1]["text"].replace("<IMG_CONTEXT>", "<image>")
        if isinstance(content, list):
            found += [part["text"] if part["type"] == "text" else Path(next(images)) for part in content]
        else:
            pieces = re.split("(<image>)", content)
            found += [Path(next(images)) if piece == "<image>" else piece for piece in pieces if piece]
    assert next(images, None) is None, "a picture without its place"
    return found


def rewarded(path: Path, name: str, said: str, truth: str) -> dict[str, float | None]:
    """The scores that an export's reward gives an answer, called as its trainer does; `trl`, `verl` and `easyr1`."""
    made = runpy.run_path(str(path / "reward.py"))
    if name == "verl":
        return made["compute_score"](data_source="x", solution_str=said, ground_truth=truth, extra_info={"index": 0})
    if name == "easyr1":
        batch = [{"response": said, "response_length": 9, "ground_truth": truth}]
        return made["compute_score"](batch, most_tokens=256)[0]
    chat = [[{"role": "assistant", "content": said}]]
    return {each.__name__: each(prompts=[], completions=chat, truth=[truth])[0] for each in made["FUNCTIONS"]}
