"""The ffmpeg program through a pipe; it reads the whole file twice, once for times and once for pictures.

Its frames are by definition what FFmpeg shows, so it is the reference for the other decoders; it is slow.

The program is the system's, or the one in the package `imageio-ffmpeg`. It is started without a shell, reads only local
files, and is stopped if it takes too long.
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.files import child_processes, limits
from vtgdata.records import VideoFacts
from vtgdata.video import containers

if TYPE_CHECKING:
    import numpy as np

NEEDS = "ffmpeg"
KNOWN_WRONG: dict[str, str] = {
    **dict.fromkeys(
        (
            "test_facts_are_those_of_ffprobe v_GGSY1Qvo990.mp4",
            "test_facts_are_those_of_ffprobe derived/v_GGSY1Qvo990_rot90meta.mp4",
            "test_facts_are_those_of_ffprobe SchoolRulesHowTheyHelpUs_wave_f_nm_np1_ba_med_0.avi",
            "test_facts_are_those_of_ffprobe TrumanShow_wave_f_nm_np1_fr_med_26.avi",
            "test_facts_are_those_of_ffprobe hmdb51_Turnk_r_Pippi_Michel_cartwheel_f_cm_np2_le_med_6.avi",
            "test_real_files_have_the_facts_that_ffprobe_gives v_GGSY1Qvo990.mp4",
            "test_real_files_have_the_facts_that_ffprobe_gives derived/v_GGSY1Qvo990_rot90meta.mp4",
            "test_real_files_have_the_facts_that_ffprobe_gives big_buck_bunny_0_30.webm",
        ),
        "the length of the last frame is that of the one before",
    ),
    **dict.fromkeys(
        (
            "test_n_frames_at_f_a_second_last_n_over_f_seconds 2/3",
            "test_n_frames_at_f_a_second_last_n_over_f_seconds 30000/1001",
        ),
        "of a single frame, the rate is known to two digits",
    ),
}
"""Tests that this decoder fails, with the file if only some files fail -> what goes wrong."""
SECONDS = 600.0
"""Seconds after which the program is stopped."""
_NOISE_SECONDS = 1e-9
_FRAME = re.compile(rb"\bn: *(\d+) pts: *(-?\d+|NOPTS) .*?(?:\bs:|size:)(\d+)x(\d+)")
_CLOCK = re.compile(rb"config in time_base: (\d+)/(\d+)")
_LENGTH = re.compile(rb"\bduration: *(\d+)")
_INPUT = re.compile(rb"Stream #0:\d+.*?: Video: (\w+).*")
_RATE = re.compile(rb"([\d.]+) fps")
_TURN = re.compile(rb"rotation of (-?[\d.]+) degrees")


class _Shown(NamedTuple):
    """The times of all frames of a file, as the program reports them."""

    starts: list[float]
    """Start of each frame, in seconds from the first frame."""
    start: float
    """Time of the first frame on the file's own clock, in seconds."""
    duration: float
    """Seconds; if the program does not give the length of the last frame, that of the frame before it is used."""
    width: int
    height: int
    said: bytes
    """The program's log."""


def probe(path: Path) -> VideoFacts:
    """Facts of a video file, found by decoding all of it.

    Raises VideoUnreadable when there is no video stream or no frame.
    """
    shown = _shown(path)
    stream, turn = _INPUT.search(shown.said), _TURN.search(shown.said)
    rate = _RATE.search(stream.group()) if stream else None
    steps = [after - before for before, after in zip(shown.starts, shown.starts[1:], strict=False)]
    return VideoFacts(
        duration=shown.duration,
        fps=float(rate.group(1)) if rate else None,
        start_time=shown.start,
        width=shown.width,
        height=shown.height,
        rotation=round(float(turn.group(1)) / 90) * 90 % 360 if turn else 0,
        codec=stream.group(1).decode() if stream else "unknown",
        n_frames=len(shown.starts),
        variable=bool(steps) and max(steps) - min(steps) > 0.0015,
        read_from=dict.fromkeys(("duration", "start_time", "n_frames", "variable", "width", "height"), "scan"),
    )


def frames(path: Path, times: Sequence[float]) -> tuple[list[np.ndarray], list[float]]:
    """The frames shown at the given times, and their true times; see `decoders.pyav.frames`."""
    import numpy as np

    if not len(times):
        return [], []
    shown = _shown(path)
    asked = np.asarray(times, dtype=np.float64) + _NOISE_SECONDS
    places = [int(place) for place in np.clip(np.searchsorted(shown.starts, asked, side="right") - 1, 0, None)]
    wanted = sorted(set(places))
    stream = _input(path)["v:0"].filter("select", _any_of(wanted))
    output = stream.output("pipe:", format="rawvideo", pix_fmt="rgb24", fps_mode="passthrough")
    raw, _ = _run(path, output)
    size = shown.width * shown.height * 3
    if len(raw) != size * len(wanted):
        raise VideoUnreadable(path, "ffmpeg gives other frames than it counts")
    images = np.frombuffer(raw, np.uint8).reshape(len(wanted), shown.height, shown.width, 3)
    found = dict(zip(wanted, images, strict=True))
    return [found[place] for place in places], [shown.starts[place] for place in places]


def _any_of(places: Sequence[int]) -> str:
    """A filter expression that is true at these frame numbers.

    It is a balanced tree, because the program refuses expressions nested a hundred deep.
    """
    if len(places) == 1:
        return f"eq(n,{places[0]})"
    half = len(places) // 2
    return f"({_any_of(places[:half])}+{_any_of(places[half:])})"


def _shown(path: Path) -> _Shown:
    """Decode the whole file without keeping pictures; the program's log gives the time of each frame."""
    output = _input(path)["v:0"].filter("showinfo", checksum=0).output("pipe:", format="null", fps_mode="passthrough")
    _, said = _run(path, output)
    clock, found = _CLOCK.search(said), _FRAME.findall(said)
    if clock is None or not found:
        raise VideoUnreadable(path, "no frame decodes" if b": Video:" in said else "no video stream")
    tick = Fraction(int(clock.group(1)), int(clock.group(2)))
    ticks = [int(pts) for _, pts, _, _ in found if pts != b"NOPTS"]
    if not ticks:
        raise VideoUnreadable(path, "its frames have no times")
    lengths = _LENGTH.findall(said[said.rfind(b"n:") :])
    length = int(lengths[0]) if lengths else 0
    rate = _RATE.search(said)
    if not length and len(ticks) > 1:
        length = ticks[-1] - ticks[-2]
    elif not length and rate:
        length = round(1 / (float(rate.group(1)) * tick))
    width, height = int(found[0][2]), int(found[0][3])
    starts = [float((each - ticks[0]) * tick) for each in ticks]
    whole = float((ticks[-1] - ticks[0] + max(length, 1)) * tick)
    return _Shown(starts, float(ticks[0] * tick), whole, width, height, said)


def _input(path: Path) -> Any:
    import ffmpeg

    containers.check(path)
    # The scheme is explicit, so that a colon in the file name is not taken for one.
    name, pixels = f"file:{containers.local(path)}", limits.PIXELS.value
    return ffmpeg.input(name, protocol_whitelist="file,pipe", threads=1, max_pixels=pixels)


def _run(path: Path, output: Any) -> tuple[bytes, bytes]:
    # `-copyts` keeps the file's own clock; without it, nobody could tell where the clock starts.
    command = output.global_args("-nostdin", "-hide_banner", "-loglevel", "info", "-copyts").compile(cmd=program())
    pipe, environment = subprocess.PIPE, child_processes.environment()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=environment) as process:
        try:
            return process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise VideoUnreadable(path, "ffmpeg takes too long") from error


def ready() -> None:
    """Raise VtgError, which says what to install, if there is no ffmpeg program."""
    program()


def program() -> str:
    """The path of the ffmpeg program; raises VtgError, which says what to install, if there is none."""
    # Only from folders that PATH names whole: an empty entry is the current folder, where a dataset may lie.
    places = [place for place in os.environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(place)]  # noqa: PTH117
    found = shutil.which("ffmpeg", path=os.pathsep.join(places))
    if found is not None:
        return found
    try:
        packaged: Any = importlib.import_module("imageio_ffmpeg")
    except ModuleNotFoundError as error:
        raise VtgError(
            "the decoder `ffmpeg` needs the program ffmpeg, and PATH has none: install it (`apt-get install ffmpeg`, "
            "`brew install ffmpeg`) or `pip install imageio-ffmpeg`; the decoder `pyav` needs no program."
        ) from error
    return packaged.get_ffmpeg_exe()
