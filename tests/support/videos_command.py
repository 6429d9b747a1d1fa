"""`vtgdata videos` as a user types it, and samples for it."""

import json
import subprocess
from pathlib import Path

from support import forked
from support.builders import make_sample
from vtgdata.files.samples import write_samples
from vtgdata.records import Sample


def vtgdata(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return forked.vtgdata(*arguments, cwd=cwd, **{"VTGDATA_CACHE": str(cwd / "cache")} | environment)


def summary(done: subprocess.CompletedProcess[str], code: int = 0) -> dict:
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def samples(folder: Path, *rows: Sample) -> Path:
    path = folder / "samples.parquet"
    write_samples(path, rows)
    return path


def on(video_id: str, duration: float | None = 4.0, number: int = 1) -> Sample:
    windows = [(0.5, 1.5)]
    return make_sample(f"test:{video_id}:{number}", video_id=video_id, duration=duration, windows=windows)
