"""Small inputs of a release, written by the tables that the stages use."""

from pathlib import Path
from typing import Any

from vtgdata.files import fingerprint
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.schemas import DROPS, PASS_RATES, TRACES, Row
from vtgdata.records import Sample, Video, Window
from vtgdata.stages import release

PROMPT = '---\nanswer: "<answer>{start} to {end}</answer>"\n---\n{frames}\nWhen: "{query}"?\n'
PROMPT_ID = f"ground-{fingerprint.short(PROMPT)[:8]}"
FRAMES = '{"frames":8,"fps":null,"midpoint":false,"short_side":112}'


def make_sample(number: int, corpus: str = "alpha", split: str = "train", **changes: Any) -> Sample:
    values: dict[str, Any] = {
        "sample_id": f"{corpus}:{number:03}",
        "corpus": corpus,
        "split": split,
        "video": Video(video_id=f"{corpus}_{split}_{number}", file=f"{corpus}_{split}_{number}.mp4", duration=30.0),
        "query": f"a person opens door {number}",
        "windows": (Window(3.0, 7.5),),
        "license": "MIT" if corpus == "alpha" else "CC-BY-NC-SA-4.0",
        "origin": f"{split}.txt:{number}",
    }
    return Sample(**values | changes)


def make_trace(sample: Sample, index: int = 0, kept: bool = True, **changes: Any) -> Row:
    row: Row = dict.fromkeys(TRACES)
    row |= {
        "key": f"{sample.sample_id}/{index}", "sample_id": sample.sample_id, "model_id": "scripted-0123",
        "prompt_id": PROMPT_ID, "sampling_id": "s", "frames_id": "f", "frame_times": [0.0, 3.75], "index": index,
        "text": "<think>I see it.</think><answer>3.0 to 7.5</answer>", "windows": [[3.0, 7.5]], "parse_status": "ok",
        "iou": 1.0 if kept else 0.1, "teacher_windows": [[3.0, 7.5]], "annotation_windows": [[3.0, 7.5]], "kept": kept,
        "reason": None if kept else "tiou", "target": "<think>I see it.</think><answer>3.0 to 7.5</answer>",
        "prompt": PROMPT, "frame_sampling": FRAMES,
    }  # fmt: skip
    return row | changes


def make_pass_rate(sample: Sample, value: float = 0.5, **changes: Any) -> Row:
    row: Row = dict.fromkeys(PASS_RATES)
    row |= {
        "sample_id": sample.sample_id, "model_id": "student-4567", "prompt_id": PROMPT_ID, "sampling_id": "s",
        "frames_id": "f", "measure": "mean_iou", "value": value, "low": value - 0.1, "high": value + 0.1, "n": 8,
        "n_unparsed": 1, "n_failed": 0, "mean_iou": value, "iou_std": 0.2, "ious": [value] * 8, "decided": True,
        "prompt": PROMPT, "frame_sampling": FRAMES,
    }  # fmt: skip
    return row | changes


def write_chosen(path: Path, rows: list[Row]) -> str:
    """rows.parquet as `select` writes it: pass rates with their rank."""
    ranked = [row | {"rank": rank} for rank, row in enumerate(rows)]
    write_parquet(path, ranked, PASS_RATES | {"rank": "count"})
    return str(path)


def write_inputs(folder: Path, *, train: int = 4) -> dict[str, Any]:
    """Settings of a small release: two corpora, kept and other traces, pass rates, chosen rows, drops.

    More `train` rows add to those of fewer and change none of them.
    """
    samples = [make_sample(number) for number in range(train)]
    samples += [make_sample(number, "beta") for number in range(3)]
    samples += [make_sample(90 + number, "beta", "test") for number in range(2)]
    trained = [sample for sample in samples if sample.split == "train"]
    write_samples(folder / "samples.parquet", samples)
    traces = [make_trace(sample, index, kept=index == 0) for sample in trained for index in range(2)]
    write_parquet(folder / "traces.parquet", traces, TRACES)
    numbers = {sample.sample_id: int(sample.sample_id[-3:]) + 4 * (sample.corpus == "beta") for sample in trained}
    rates = [make_pass_rate(sample, round(0.1 + 0.1 * numbers[sample.sample_id], 1)) for sample in trained]
    chosen = [rate for rate in rates if numbers[rate["sample_id"]] % 2 == 0][::-1]
    write_parquet(folder / "pass_rates.parquet", rates, PASS_RATES)
    drop = {"corpus": "beta", "origin": "train.txt:9", "reason": "no_window", "detail": "empty", "raw": "x 9 9##"}
    write_parquet(folder / "drops.parquet", [drop], DROPS)
    return {
        "samples": str(folder / "samples.parquet"),
        "coldstart": str(folder / "traces.parquet"),
        "pass_rates": str(folder / "pass_rates.parquet"),
        "splits": {"rl": write_chosen(folder / "rows.parquet", chosen)},
        "drops": [str(folder / "drops.parquet")],
    }


def make_release(out: Path, inputs: dict[str, Any], version: str = "1.0.0", **changes: Any) -> Path:
    """Run the stage; returns the release's folder."""
    release.run(release.Settings(out=str(out), version=version, **inputs | changes))
    return out
