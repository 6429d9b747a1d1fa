"""Frames and tokens by the rule of Qwen-VL: as the released code has them, on ten durations, for both families.

`qwen_released.json` was written by `support/qwen_released.py`, which uses qwen-vl-utils and transformers alone.
"""

import itertools
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.drawn_videos import draw, number
from vtgdata.records import FrameSampling, TokenBudget
from vtgdata.video import decode, qwen_frames, sampling
from vtgdata.video.presets import FAMILIES, PRESETS

RELEASED = json.loads((Path(__file__).parent / "qwen_released.json").read_text())["rows"]
ALIASES = {"time_r1_eval": "time_r1", "timelens": "timelens_qwen2_5_vl", "timelens_eval": "timelens_eval_qwen2_5_vl"}
"""Presets that are another one under a second name."""
RULED = sorted(name for name, taken in PRESETS.items() if not isinstance(taken.tokens, msgspec.UnsetType))


def said(row: dict[str, Any]) -> dict[str, Any]:
    """What our preset makes of a video of the released code's table, in the same words."""
    taken = PRESETS[row["preset"]]
    times = sampling.times(row["total"] / row["fps"], taken, row["fps"])
    indices = [int(time * row["fps"]) for time in times]
    size = sampling.frame_size(*row["video"], len(times), taken)
    return {
        "frames": len(times), "first": indices[:4], "last": indices[-4:], "sum": sum(indices), "size": list(size),
        "tokens": qwen_frames.tokens(size, len(times), taken.tokens).as_video,
    }  # fmt: skip


@pytest.mark.parametrize("name", RULED)
def test_frames_and_tokens_are_those_of_the_released_code(name):
    rows = [row for row in RELEASED if row["preset"] == ALIASES.get(name, name)]
    assert PRESETS[name] == PRESETS[ALIASES.get(name, name)]
    # TVG-R1 asks for 64 frames: of the shortest video, which has 50, qwen-vl-utils takes none.
    assert len({row["total"] / row["fps"] for row in rows}) == (9 if name == "tvg_r1" else 10)
    for row in rows:
        assert said(row) == {key: row[key] for key in said(row)}, row


@pytest.mark.slow
def test_the_frames_are_those_of_torchs_linspace_for_any_length_and_count():
    torch = pytest.importorskip("torch", reason="needs vtgdata[train]")
    lengths = random.Random(7)
    for _ in range(2000):
        total = lengths.randint(4, 100_000)
        count = min(total, lengths.choice([32, 64, 448, 512, 768, 2048, lengths.randint(4, 2048)]))
        assert qwen_frames.spread(total, count) == torch.linspace(0, total - 1, count).round().long().tolist()


def test_a_patch_is_28_pixels_in_one_family_and_32_in_the_other():
    assert {PRESETS[family].tokens.patch for family in FAMILIES} == {28, 32}
    for name in ("timelens", "timelens_eval"):
        sizes = {family: sampling.frame_size(640, 360, 60, PRESETS[f"{name}_{family}"]) for family in FAMILIES}
        assert sizes == {"qwen2_5_vl": (644, 364), "qwen3_vl": (640, 352)}


def test_without_the_rate_of_the_video_as_many_frames_are_planned():
    for row in RELEASED:
        assert len(sampling.times(row["total"] / row["fps"], PRESETS[row["preset"]])) == row["frames"]


def test_the_frames_that_are_shown_are_the_frames_of_the_released_code(tmp_path):
    (row,) = [row for row in RELEASED if row["preset"] == "qwen3_vl" and row["total"] == 219]
    path = draw(tmp_path / "v.mp4", 219, 30)
    taken = PRESETS["qwen3_vl"]
    found = decode.look("pyav", path, taken)
    pictures, shown = decode.frames("pyav", path, sampling.times(219 / 30, taken, 30.0))
    numbers = [number(picture) for picture in pictures]
    assert (numbers[:4], numbers[-4:], sum(numbers)) == (row["first"], row["last"], row["sum"])
    assert list(found.times) == shown and found.times[-1] == pytest.approx(218 / 30)


budgets = st.builds(
    TokenBudget,
    total=st.integers(64, 20_000),
    least=st.integers(1, 64),
    most=st.none() | st.integers(64, 1024),
    patch=st.sampled_from([28, 32]),
    group=st.just(2),
    rule=st.just("qwen_vl"),
)
samplings = st.builds(
    FrameSampling, frames=st.integers(1, 800), fps=st.none() | st.floats(0.1, 8), tokens=budgets
)  # fmt: skip


@given(st.floats(0.04, 5_000), samplings, st.none() | st.sampled_from([0.5, 5.0, 24.0, 29.97, 60.0]))
def test_times_rise_in_the_video_and_no_frame_is_taken_twice(duration, taken, native):
    times = sampling.times(duration, taken, native)
    assert 1 <= len(times) <= 800 and times[0] >= 0
    assert all(first < second for first, second in itertools.pairwise(times))
    assert times[-1] < duration
    if native is not None:
        total = max(1, round(duration * native))
        indices = [int(time * native) for time in times]
        assert len(set(indices)) == len(indices) <= total and indices[-1] <= total - 1


@given(st.integers(1, 4000), st.integers(1, 4000), st.integers(1, 800), samplings)
def test_frames_are_whole_patches_and_at_least_one(width, height, count, taken):
    size = sampling.frame_size(width, height, count, taken)
    assert all(side >= taken.tokens.patch and side % taken.tokens.patch == 0 for side in size)


@pytest.mark.slow
def test_sizes_are_those_of_the_installed_transformers():
    resize = pytest.importorskip("transformers.models.qwen2_vl.image_processing_qwen2_vl").smart_resize
    for row in RELEASED:
        budget, (width, height) = PRESETS[row["preset"]].tokens, row["video"]
        area = budget.patch**2
        share = max(
            min((budget.most or 768) * area, budget.total * area / row["frames"] * 2), int(budget.least * area * 1.05)
        )
        rows, columns = resize(height, width, budget.patch, budget.least * area, share)
        assert list(sampling.frame_size(width, height, row["frames"], PRESETS[row["preset"]])) == [columns, rows]


@pytest.mark.slow
def test_the_table_is_what_the_released_code_says_now():
    """Where qwen-vl-utils is installed: the table is written anew, and is the same."""
    pytest.importorskip("qwen_vl_utils")
    script = Path(__file__).parents[1] / "support/qwen_released.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["rows"] == RELEASED
