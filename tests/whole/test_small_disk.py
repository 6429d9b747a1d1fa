"""A whole recipe on a disk that is too small, and grows each time that it is full: in the end the same bytes.

    VTGDATA_SMALL_DISK=demo-small pytest tests/whole/test_small_disk.py -m slow -s

The disk is a tmpfs, which only root may mount; results, temporary files and the cache all lie on it.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import forked, killing
from support.filling import ADVICE, SAID

RECIPE = os.environ.get("VTGDATA_SMALL_DISK", "")
"""A recipe, of ours by its name; for none a small one, which asks no model that has to be trained."""
FIRST = int(os.environ.get("VTGDATA_SMALL_DISK_KB", "24"))
"""Kilobytes of the disk at first."""
GROWS = float(os.environ.get("VTGDATA_SMALL_DISK_GROWS", "1.3"))
"""How much larger the next disk is."""
SMALL = {
    "steps": [
        {"command": "demo-draw", "id": "shapes", "videos": 10},
        {
            "command": "ingest", "id": "data", "corpus": "shapes", "paths": ["@shapes/annotations.jsonl"],
            "videos": "@shapes/videos",
        },
        {
            "command": "build-coldstart", "id": "traces", "samples": "@data/samples.parquet", "n": 1,
            "model": "vtgdata.demo.teacher:@data/samples.parquet", "videos": "@shapes/videos", "prompt": "shapes",
            "num_frames": 10, "short_side": 28, "where": "split == 'sft'",
        },
        {
            "command": "release", "id": "release", "version": "1.0.0", "samples": "@data/samples.parquet",
            "coldstart": "@traces/traces.parquet", "drops": ["@data/drops.parquet"],
        },
    ],
}  # fmt: skip


@contextlib.contextmanager
def disk(place: Path) -> Iterator[None]:
    place.mkdir()
    try:
        sized(place, FIRST, "mount", "-t", "tmpfs", "tmpfs")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs root, to mount a tmpfs")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)  # a decoding process may just be ending


def sized(place: Path, kilobytes: int, *command: str) -> None:
    remount = [] if command else ["remount"]
    options = ",".join([*remount, f"size={kilobytes}k"])
    subprocess.run([*(command or ("mount",)), "-o", options, place], check=True, capture_output=True)


def run(folder: Path, recipe: str) -> tuple[int, str]:
    """The recipe in a folder, with its cache and temporary files there too."""
    for name in ("cache", "tmp"):
        (folder / name).mkdir(exist_ok=True)
    env = {"VTGDATA_CACHE": "cache", "TMPDIR": str(folder / "tmp")}
    done = forked.vtgdata("run", recipe, "--out", "run", "-q", cwd=folder, **env)
    return done.returncode, done.stderr


def undated(state: killing.State) -> killing.State:
    """Without the fingerprints of folders of videos, which are told by when these were written."""
    for name, meta in state.items():
        if name.endswith("/meta.json"):
            meta["inputs"] = {path: said for path, said in meta["inputs"].items() if not path.endswith("/")}
    return state


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_a_recipe_on_a_disk_that_is_too_small_goes_on_where_there_is_more_space(tmp_path):
    recipe = RECIPE
    if not recipe:
        (tmp_path / "recipe.yaml").write_text(json.dumps({"out": "run", **SMALL}))
        recipe = str(tmp_path / "recipe.yaml")
    with disk(tmp_path / "small"):
        size, met, last = FIRST, 0, ""
        while True:
            code, said = run(tmp_path / "small", recipe)
            if code == 0:
                break
            met += 1
            last = said
            sys.stdout.write(f"{size} kB: exit code {code}: {said[-300:]}")
            sys.stdout.flush()
            assert code == 1 and SAID.search(said) and ADVICE.search(said) and "Traceback" not in said, said
            size = max(size + 4, round(size * GROWS))
            sized(tmp_path / "small", size)
        sys.stdout.write(f"{size} kB are enough, after {met} disks that were full\n")
        found = undated(killing.lying(tmp_path / "small"))
    assert met, last
    (tmp_path / "large").mkdir()
    assert run(tmp_path / "large", recipe)[0] == 0
    differences, leftovers = killing.compare(undated(killing.lying(tmp_path / "large")), found)
    assert not differences and not leftovers
