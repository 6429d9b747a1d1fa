"""OpenCV: reads every frame from the start, because its seeks land on wrong frames; times come from its own clock."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.records import VideoFacts
from vtgdata.video import containers

if TYPE_CHECKING:
    import numpy as np

NEEDS = "cv2"
KNOWN_WRONG: dict[str, str] = {
    **dict.fromkeys(
        (
            "test_facts_are_those_of_ffprobe SchoolRulesHowTheyHelpUs_wave_f_nm_np1_ba_med_0.avi",
            "test_facts_are_those_of_ffprobe TrumanShow_wave_f_nm_np1_fr_med_26.avi",
            "test_facts_are_those_of_ffprobe hmdb51_Turnk_r_Pippi_Michel_cartwheel_f_cm_np2_le_med_6.avi",
            "test_facts_are_those_of_ffprobe mmaction2/test.avi",
            "test_50_random_times_give_the_frame_on_show SchoolRulesHowTheyHelpUs_wave_f_nm_np1_ba_med_0.avi",
            "test_50_random_times_give_the_frame_on_show TrumanShow_wave_f_nm_np1_fr_med_26.avi",
            "test_50_random_times_give_the_frame_on_show hmdb51_Turnk_r_Pippi_Michel_cartwheel_f_cm_np2_le_med_6.avi",
            "test_50_random_times_give_the_frame_on_show mmaction2/test.avi",
            "test_avi_with_b_frames_gives_each_frame_once_and_in_order",
        ),
        "an AVI with B-frames has other times",
    ),
    **dict.fromkeys(
        (
            "test_facts_are_those_of_ffprobe av1_video.mkv",
            "test_50_random_times_give_the_frame_on_show av1_video.mkv",
            "test_real_files_have_the_facts_that_ffprobe_gives av1_video.mkv",
        ),
        "it has no AV1 decoder",
    ),
    **dict.fromkeys(
        (
            "test_facts_are_those_of_ffprobe big_buck_bunny_0_30.webm",
            "test_facts_are_those_of_ffprobe demo1.mp4",
            "test_facts_are_those_of_ffprobe derived/OHOFG_fragmented.mp4",
            "test_the_clock_of_a_file_starts_at_its_first_frame",
        ),
        "its clock starts at 0, and does not say where the file's does",
    ),
    **dict.fromkeys(
        (
            "test_facts_are_those_of_ffprobe derived/v_GGSY1Qvo990_rot90meta.mp4",
            "test_facts_are_those_of_ffprobe v_GGSY1Qvo990.mp4",
            "test_facts_are_those_of_ffprobe small/webm.webm",
            "test_real_files_have_the_facts_that_ffprobe_gives derived/v_GGSY1Qvo990_rot90meta.mp4",
            "test_real_files_have_the_facts_that_ffprobe_gives v_GGSY1Qvo990.mp4",
            "test_real_files_have_the_facts_that_ffprobe_gives big_buck_bunny_0_30.webm",
            "test_n_frames_at_f_a_second_last_n_over_f_seconds 30000/1001",
        ),
        "the length of the last frame is that of the one before",
    ),
    **dict.fromkeys(
        (
            "test_what_shows_nothing_says_why pinknoise-vorbis.mkv",
            "test_what_shows_nothing_says_why small/FlashVideo.flv",
            "test_what_shows_nothing_says_why small/Mpeg4.mp4",
            "test_what_shows_nothing_says_why small/mp4-with-audio.mp4",
            "test_a_file_without_pictures_is_unreadable pinknoise-vorbis.mkv",
            "test_a_file_without_pictures_is_unreadable small/mp4-with-audio.mp4",
            "test_a_file_without_pictures_is_unreadable small/Mpeg4.mp4",
        ),
        "no stream is one more file that cannot be opened",
    ),
}
"""Tests that this decoder fails, with the file if only some files fail -> what goes wrong."""
_NOISE_SECONDS = 1e-6
"""Tolerance in seconds: its clock is a 64-bit float of milliseconds."""


def probe(path: Path) -> VideoFacts:
    """Facts of a video file; its length is found by reading all frames, because the header's count may be wrong.

    Raises VideoUnreadable when it cannot be opened or has no frame.
    """
    library = _library()
    with _opened(path) as video:
        good, first = video.read()
        if not good:
            raise VideoUnreadable(path, "no frame decodes")
        starts = [_now(video)]
        while video.grab():
            starts.append(_now(video))
        fps = video.get(library.CAP_PROP_FPS)
        step = starts[-1] - starts[-2] if len(starts) > 1 else 1 / fps if fps else 1.0
        turned = round(video.get(library.CAP_PROP_ORIENTATION_META)) % 360
        count = int(video.get(library.CAP_PROP_FRAME_COUNT))
    return VideoFacts(
        # Rounded, because its clock is summed in floating point.
        duration=round(starts[-1] - starts[0] + step, 6),
        fps=fps or None,
        start_time=starts[0],
        width=int(first.shape[1]),
        height=int(first.shape[0]),
        rotation=-turned % 360,
        codec="unknown",
        n_frames=count if count > 0 else None,
        read_from={"duration": "scan", "start_time": "frame", "fps": "stream", "n_frames": "stream"},
    )


def frames(path: Path, times: Sequence[float]) -> tuple[list[np.ndarray], list[float]]:
    """The frames shown at the given times, and their true times; see `decoders.pyav.frames`."""
    # Converting a frame to RGB costs as much as decoding it: first try to convert only frames near a wanted time.
    found = _collect(path, times, near=True) or _collect(path, times, near=False)
    if found is None:
        raise VideoUnreadable(path, "no frame decodes")
    return [found[time][0] for time in times], [found[time][1] for time in times]


def _collect(path: Path, times: Sequence[float], *, near: bool) -> dict[float, tuple[Any, float]] | None:
    """Each wanted time -> (picture, its true time); None if a needed frame was not converted, or nothing decodes."""
    found: dict[float, tuple[Any, float]] = {}
    pending = sorted(set(times))
    with _opened(path) as video:
        fps = video.get(_library().CAP_PROP_FPS)
        reach = 2 / fps if near and fps else float("inf")
        shown = first = None
        on: Any = None
        while pending and video.grab():
            now = _now(video)
            first = now if first is None else first
            while pending and shown is not None and pending[0] + _NOISE_SECONDS < now - first:
                found[pending.pop(0)] = (on, shown)
            shown = now - first
            on = _picture(video) if pending and pending[0] - shown < reach else None
        found |= dict.fromkeys(pending, (on, shown or 0.0))
    return None if any(image is None for image, _ in found.values()) else found


def _picture(video: Any) -> Any:
    good, image = video.retrieve()
    return image[:, :, ::-1].copy() if good else None


def _now(video: Any) -> float:
    return video.get(_library().CAP_PROP_POS_MSEC) / 1000


def _library() -> Any:
    try:
        return importlib.import_module("cv2")
    except ModuleNotFoundError as error:
        raise VtgError("the decoder opencv needs its library: pip install 'vtgdata[opencv]'") from error


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    library = _library()
    containers.check(path)
    video = library.VideoCapture(containers.local(path), library.CAP_FFMPEG, [library.CAP_PROP_N_THREADS, 1])
    try:
        if not video.isOpened():
            raise VideoUnreadable(path, "OpenCV cannot open it")
        sides = [int(video.get(prop)) for prop in (library.CAP_PROP_FRAME_WIDTH, library.CAP_PROP_FRAME_HEIGHT)]
        containers.check_size(path, *sides)
        yield video
    finally:
        video.release()
