"""What every filter promises; a new file in vtgdata/plugins/filters is picked up by itself."""

import importlib.util
import inspect
import random
import re
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import numpy as np
import pytest

from support import tiny_clip
from support.builders import make_sample
from vtgdata.annotations import filtering, video_keys
from vtgdata.annotations.filtering import FilterExample
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.parquet import write_parquet
from vtgdata.records import Finding, Frames, LeftOut, Repair, Sample, Video
from vtgdata.stages.videos import verify
from vtgdata.video import damage
from vtgdata.video.decode import jpeg

NAMES = plugins.names("filters")
BENCHMARKS = [
    make_sample("bench:1", video_id="aB3_dE-6hIj", query="a man rows a boat", corpus="bench", split="test"),
    make_sample("bench:2", video_id="K7QZ2", query="a woman laughs", corpus="bench", split="test"),
]
QUERIES = (
    "a man rows a boat", "A man rows the boats.", "finally he rests", "they hear a loud sound", "", "word " * 400,
    "\u72d7\u8df3\u8fc7\u6805\u680f", "at 0:15 the video ends", "???",
)  # fmt: skip
WINDOWS = ([(0, 30)], [(1, 1.2)], [], [(3, 9), (12, 20)], [(0, 9000)])
LICENCES = ("MIT", "unverified", "CC-BY-NC-SA-4.0", "LicenseRef-TimeLens", "MIT AND LicenseRef-Ego4D", "")
REPAIRS = ((), (Repair("end_far_past_video", "14220.0", "30.0"),), (Repair("duplicate", "pool:1", "kept"),))
EXTRAS = ({}, {"mean_iou": 0.5}, {"mean_iou": 0}, {"mean_iou": "high"}, {"mean_iou": None})
VIDEOS = ("v_aB3_dE-6hIj", "aB3_dE-6hIj_60.0_210.0", "K7QZ2", "v1", "v2")
FOLDER = tempfile.TemporaryDirectory()
DURATIONS = (30.0, 2.0, 9000.0, None)


def pool(size: int = 240) -> list[Sample]:
    """Samples of every kind that a file may hold, in some order."""
    chance = random.Random(5)
    return [
        make_sample(
            f"pool:{i}",
            video_id=chance.choice(VIDEOS),
            duration=chance.choice(DURATIONS),
            query=chance.choice(QUERIES),
            windows=chance.choice(WINDOWS),
            labelled=chance.random() < 0.9,
            license=chance.choice(LICENCES),
            repairs=chance.choice(REPAIRS),
            extra=chance.choice(EXTRAS),
        )
        for i in range(size)
    ]


def left_out(name: str, samples: Sequence[Sample]) -> list[LeftOut]:
    """What a filter leaves out, with its example's settings, benchmarks and frames beside those of the pool."""
    module, example = plugins.load("filters", name), example_of(name)
    compares = "benchmarks" in inspect.signature(module.keep).parameters
    given = (video_keys.by_key([*BENCHMARKS, *example.benchmarks]),) if compares else ()

    drawn = {sample.video.video_id for sample in example.samples} if example.frames else set()

    def look(video: Video) -> Frames:
        return example.frames(video) if example.frames and video.video_id in drawn else frames(video)

    looks = filtering.declared(module).LOOKS
    return module.keep(samples, look if looks else None, *given, **lent(example.settings))


def example_of(name: str) -> FilterExample:
    """The EXAMPLE of a filter, which is skipped where the package that it needs is not installed."""
    module = plugins.load("filters", name)
    needs = filtering.declared(module).NEEDS
    if needs and importlib.util.find_spec(needs) is None:
        pytest.skip(f"{needs} is not installed")
    found = getattr(module, "EXAMPLE", None)
    assert isinstance(found, FilterExample), "its module has an EXAMPLE, a FilterExample: see CONTRIBUTING.md"
    return found


def lent(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with what the test lends in the place of `{clip_model}` and `{verified}`."""
    lends = {"{clip_model}": tiny_clip_model, "{verified}": verified_folder}
    return {key: str(lends[value]()) if value in lends else value for key, value in settings.items()}


def samples_for(name: str) -> list[Sample]:
    """Samples of every kind that a file may hold, and those that the filter is about."""
    return [*pool(), *example_of(name).samples]


@cache
def frames(video: Video) -> Frames:
    """What each video shows: soft blobs that change slowly; the last as the first; K7QZ2 cannot be seen."""
    if video.video_id == "K7QZ2":
        return Frames(frames_id="", times=(), images=(), duration=0, status="missing")
    chance = np.random.default_rng([VIDEOS.index(video.video_id) % 4, 7])
    ends = chance.integers(0, 256, (2, 6, 8, 3))
    between = [(ends[0] * (15 - k) + ends[1] * k) // 15 for k in range(16)]
    pictures = tuple(jpeg(each.astype(np.uint8).repeat(8, axis=0).repeat(8, axis=1), 48) for each in between)
    times = tuple(2.0 * k for k in range(16))
    return Frames(frames_id=video.video_id, times=times, images=pictures, duration=32, status="ok")


@cache
def verified_folder() -> Path:
    """What `videos verify` writes: K7QZ2 has a hole, v1 is missing, of the others nothing is wrong."""
    folder = Path(FOLDER.name) / "verified"
    folder.mkdir()
    statuses = dict.fromkeys((*VIDEOS, "K7QZ2"), "ok") | {"K7QZ2": "hole", "v1": "missing"}
    videos = [
        {"video_id": each, "file": f"{each}.mp4", "status": status, "duration": None if status == "missing" else 30.0}
        for each, status in statuses.items()
    ]
    write_parquet(folder / damage.VERIFIED, videos, verify.COLUMNS)
    hole = Finding(kind="hole", start=5.0, end=8.0, detail="no frame can be decoded")
    write_parquet(folder / damage.NAME, damage.rows(("K7QZ2.mp4", "K7QZ2"), [hole]), damage.COLUMNS)
    return folder


@cache
def tiny_clip_model() -> Path:
    # It learns in seconds; so small a network gains nothing from a second thread.
    return tiny_clip.build(Path(FOLDER.name) / "clip", steps=120)


def ids(left: Sequence[LeftOut]) -> set[str]:
    return {each.sample_id for each in left}


def by_video(samples: Sequence[Sample]) -> list[list[Sample]]:
    videos = dict.fromkeys(sample.video.video_id for sample in samples)
    return [[each for each in samples if each.video.video_id == video] for video in videos]


@pytest.mark.parametrize("name", NAMES)
def test_of_its_example_it_leaves_out_the_faults_and_keeps_their_good_twins(name: str) -> None:
    example = example_of(name)
    assert {left.sample_id: left.reason for left in left_out(name, example.samples)} == example.left_out
    assert example.left_out and len(example.left_out) < len(example.samples), "a fault, and a good twin that stays"


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_setting_is_refused_by_its_name(name: str) -> None:
    example_of(name)
    with pytest.raises(VtgError, match=rf"{name}.*unknown setting 'no_such_setting'"):
        filtering.parse_filter(f"{name}:no_such_setting=1")


@pytest.mark.parametrize("name", NAMES)
def test_it_leaves_out_samples_that_it_was_given_each_once_with_a_reason(name: str) -> None:
    samples = samples_for(name)
    left = left_out(name, samples)
    assert left
    assert len(ids(left)) == len(left)
    assert ids(left) < {sample.sample_id for sample in samples}
    for sample_id, reason, detail in left:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", reason), f"{sample_id}: {reason!r} is no code"
        assert detail.strip() and len(detail) < 3000


@pytest.mark.parametrize("name", NAMES)
def test_it_changes_nothing(name: str) -> None:
    samples = samples_for(name)
    before = msgspec.json.encode(samples)
    left_out(name, samples)
    assert msgspec.json.encode(samples) == before


@pytest.mark.parametrize("name", NAMES)
def test_the_same_samples_are_left_out_every_time_and_in_their_order(name: str) -> None:
    left = left_out(name, samples_for(name))
    assert left == left_out(name, samples_for(name))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_more_is_left_out_of_what_is_kept(name: str) -> None:
    samples = samples_for(name)
    gone = ids(left_out(name, samples))
    assert left_out(name, [sample for sample in samples if sample.sample_id not in gone]) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_video_is_judged_by_its_own_samples_so_that_files_can_be_read_in_pieces(name: str) -> None:
    if filtering.declared(plugins.load("filters", name)).WHOLE:
        pytest.skip("it says that it wants all samples at once")
    samples = samples_for(name)
    whole = {left.sample_id: left for left in left_out(name, samples)}
    pieces = [left for video in reversed(by_video(samples)) for left in left_out(name, video)]
    assert {left.sample_id: left for left in pieces} == whole


@pytest.mark.parametrize("name", NAMES)
def test_no_samples_give_no_drops(name: str) -> None:
    assert left_out(name, []) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_named_and_has_a_default(name: str) -> None:
    parameters = list(inspect.signature(plugins.load("filters", name).keep).parameters.values())
    given = [each.name for each in parameters if each.kind is not each.KEYWORD_ONLY]
    assert given in (["samples", "frames"], ["samples", "frames", "benchmarks"])
    assert all(each.default is not each.empty for each in parameters[len(given) :])


@pytest.mark.parametrize("name", NAMES)
def test_it_says_in_a_line_what_it_is(name: str) -> None:
    first, *rest = (plugins.load("filters", name).__doc__ or "").splitlines()
    assert ": " in first and first.endswith("."), "the first line of its docstring is `Name: what it drops.`"
    assert not rest or not rest[0], "an empty line follows the first"


def test_a_variable_of_the_wrong_kind_is_said() -> None:
    module = ModuleType("mine")
    module.keep, module.LOOKS = lambda samples, frames: [], "yes"  # type: ignore[attr-defined]
    with pytest.raises(VtgError, match=r"mine is no filter: .*LOOKS"):
        filtering.declared(module)
