"""All selectors on 10^5 samples of 8 stored answers, and `select` as a command on 10^6: seconds and memory.

    python benchmarks/choosing.py             the selectors, each at three settings; limit: 10 s together
    python benchmarks/choosing.py 1000000     the command on so many samples, with quotas, a cap and the preview;
                                               limits: 60 s and 2 GB
    python benchmarks/choosing.py deciles     the pool that Time-R1's published deciles imply

Beside the selectors runs a plain Polars script that draws a band, as a peer.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from vtgdata.files import plugins
from vtgdata.files.row_table import RowTable

SETTINGS = {
    "anchor_frontier": ["anchor=0.7,frontier=0.3", "anchor=0.5,frontier=0.5", "anchor=0.9,frontier=0.1"],
    "band": ["low=0.2,high=0.8", "low=0.0,high=0.5", "measure=iou>=0.5"],
    "boundary_reflection": [f"most={most},rollouts={{rollouts}}" for most in (0.5, 0.2, 0)],
    "bucket_ratio": ["low=0.2", "power=1.0", "hard=1.0,medium=1.0,easy=1.0"],
    "easy_to_hard": ["low=0.0", "low=0.1", "measure=iou>=0.5"],
    "gaussian": ["mean=0.3", "mean=0.05", "std=0.5"],
    "gaussian_flat": ["mean=0.05", "mean=0.3", "bins=100"],
    "teacher_gap": ["least=0.5,teacher={rates}", "least=0.2,teacher={rates}", "least=0.5,top=3,teacher={rates}"],
    "uniform": ["", "", ""],
    "upper_cut": ["high=0.7", "high=0.5", "measure=iou>=0.5"],
    "variance": ["measure=mean_iou", "power=1.0", "measure=iou>=0.5"],
    "weight": ["a=0.0", "a=2.0,b=0.0", "column=true"],
}  # fmt: skip
DECILES = (179, 375, 514, 502, 399, 325, 132, 54, 15, 5)
"""Rows of TimeRFT by the tenth of [0, 1] in which their published IoU lies."""


def write(folder: Path, n: int) -> None:
    """Invented samples, pass rates of 8 answers, and a second model's rollouts."""
    rng = np.random.default_rng(0)
    skill = rng.beta(0.6, 0.8, n)
    ious = np.where(rng.random((n, 8)) < skill[:, None], rng.uniform(0.3, 1, (n, 8)).round(4), 0.0)
    ids = [f"doors:{i:07}" for i in range(n)]
    durations = rng.uniform(5, 300, n).round(1)
    starts = (durations * rng.uniform(0, 0.6, n)).round(1)
    base = {
        "sample_id": ids, "model_id": "m", "prompt_id": "ground-00000000", "sampling_id": "t1", "frames_id": "f",
        "low": 0.0, "high": 1.0, "n": 8, "n_unparsed": 0, "n_failed": 0, "mean_iou": ious.mean(1),
        "iou_std": ious.std(1), "ious": ious.tolist(), "decided": None, "prompt": "Where is it? " * 40,
        "frame_sampling": '{"fps": 2}',
    }  # fmt: skip
    frame = pl.DataFrame(base).with_columns(pl.col("decided").cast(pl.Boolean))
    both = pl.concat(
        [
            frame.with_columns(measure=pl.lit("iou>=0.5"), value=pl.Series((ious >= 0.5).mean(1))),
            frame.with_columns(measure=pl.lit("mean_iou"), value=pl.Series(ious.mean(1))),
        ]
    )
    both.write_parquet(folder / "pass_rates.parquet", row_group_size=65_536)
    windows = np.stack([starts, starts + durations * 0.2], 1).round(1)
    pl.DataFrame(
        {
            "sample_id": ids, "corpus": rng.choice(["doors", "gates", "lids"], n).tolist(), "split": "train",
            "video_id": [f"v{i // 3}" for i in range(n)], "source_id": None, "duration": durations,
            "query": "a person opens a door", "windows": [[row] for row in windows.tolist()],
        }
    ).with_columns(pl.col("source_id").cast(pl.String)).write_parquet(folder / "samples.parquet")  # fmt: skip
    pl.DataFrame({"sample_id": ids, "windows": [[row] for row in windows.tolist()], "iou": ious[:, 0], "error": None},
                 schema_overrides={"error": pl.String}).write_parquet(folder / "rollouts.parquet")  # fmt: skip


def selectors(folder: Path, n: int = 100_000) -> None:
    """Seconds of each selector, and of all."""
    write(folder, n)
    names = {"rates": str(folder / "pass_rates.parquet"), "rollouts": str(folder / "rollouts.parquet")}
    begun = time.monotonic()
    for size, least in ((n // 40, 0.2), (n // 10, 0.4), (n // 4, 0.0)):
        rows = pl.read_parquet(folder / "pass_rates.parquet", columns=["sample_id", "measure", "value"])
        band = rows.filter((pl.col("measure") == "mean_iou") & pl.col("value").is_between(least, 0.8))
        band.sample(min(size, band.height), shuffle=True, seed=0)
    print(f"a band in plain Polars, three times: {time.monotonic() - begun:.2f} s")
    total = 0.0
    for name in plugins.names("selectors"):
        begun, found = time.monotonic(), []
        for text in SETTINGS[name]:
            stated = plugins.parse_spec(f"{name}:{text.format(**names)}".rstrip(":")).settings
            rates = RowTable(folder / "pass_rates.parquet")
            found.append(len(plugins.load("selectors", name).select([], rates, n // 10, 1, **stated)))
        spent = time.monotonic() - begun
        total += spent
        print(f"{name:20} {spent:6.2f} s  {found}")
    print(f"all, three settings each: {total:.2f} s (limit 10)")


def command(folder: Path, n: int) -> None:
    """Seconds and memory of the command."""
    # In a process of its own: what this one holds when it starts another counts as that one's memory.
    code = f"import choosing, pathlib; choosing.write(pathlib.Path({str(folder)!r}), {n})"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, check=True)
    argv = [sys.executable, "-m", "vtgdata", "select", "--pass-rates", str(folder / "pass_rates.parquet"), "--samples",
            str(folder / "samples.parquet"), "--size", str(n // 10), "--out", str(folder / "out"), "--quotas",
            "corpus:doors=0.5,gates=0.5", "--per-video", "2"]  # fmt: skip
    begun = time.monotonic()
    child = subprocess.Popen(argv)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    print(
        f"exit {child.returncode}, {time.monotonic() - begun:.1f} s (limit 60), {used.ru_maxrss / 1e6:.2f} GB (limit 2)"
    )


def deciles() -> None:
    """Rows of the pool for each row drawn, by the tenth of the IoU, if the draw was by Time-R1's Gaussian."""
    middle = (np.arange(10) + 0.5) / 10
    implied = np.array(DECILES) / np.exp(-((middle - 0.3) ** 2) / (2 * 0.2**2))
    for low, share in enumerate(implied / implied.sum()):
        print(f"{low / 10:.1f} to {(low + 1) / 10:.1f}: {DECILES[low]:4} drawn, {100 * share:5.1f} % of the pool")


def main(what: str = "") -> None:
    """Run one of the three."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if what == "deciles":
            deciles()
        elif what:
            command(folder, int(what))
        else:
            selectors(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
