"""torchcodec: PyTorch's decoder, in its exact mode; it uses the FFmpeg of the system or that of its own wheel."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.records import VideoFacts
from vtgdata.video import containers

if TYPE_CHECKING:
    import numpy as np

NEEDS = "torchcodec"
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
            "test_frame_times_are_those_of_ffprobe mmaction2/test.avi",
            "test_avi_with_b_frames_gives_each_frame_once_and_in_order",
        ),
        "an AVI with B-frames has other times",
    ),
    **dict.fromkeys(
        (
            "test_facts_are_those_of_ffprobe big_buck_bunny_432_433.webm",
            "test_facts_are_those_of_ffprobe derived/v_GGSY1Qvo990_mpeg4.avi",
            "test_facts_are_those_of_ffprobe v_GGSY1Qvo990.mp4",
            "test_real_files_have_the_facts_that_ffprobe_gives v_GGSY1Qvo990.mp4",
        ),
        "the rate is counted from the packets",
    ),
    **dict.fromkeys(
        (
            "test_real_files_have_the_facts_that_ffprobe_gives big_buck_bunny_0_30.webm",
            "test_sorted_shuffled_and_repeated_times_agree_whatever_the_start_of_the_clock a.mp4",
            "test_sorted_shuffled_and_repeated_times_agree_whatever_the_start_of_the_clock a.ts",
            "test_sorted_shuffled_and_repeated_times_agree_whatever_the_start_of_the_clock a.mov",
            "test_sorted_shuffled_and_repeated_times_agree_whatever_the_start_of_the_clock a.flv",
            "test_facts_are_those_of_ffprobe small/webm.webm",
        ),
        "the length of the last frame is wrong",
    ),
    **dict.fromkeys(
        (
            "test_frames_of_uneven_length_are_told_apart",
            "test_50_random_times_give_the_frame_on_show small/webm.webm",
        ),
        "a last frame without length is never shown",
    ),
    **dict.fromkeys(
        ("test_the_clock_of_a_file_starts_at_its_first_frame",),
        "how the clock is counted depends on the container",
    ),
    **dict.fromkeys(
        ("test_a_file_that_is_cut_off_ends_where_it_is_cut",),
        "a file that is cut off cannot be read",
    ),
    **dict.fromkeys(
        (
            "test_what_shows_nothing_says_why small/AudioVideoInterleave.avi",
            "test_what_shows_nothing_says_why small/FlashVideo.flv",
            "test_what_shows_nothing_says_why small/Mpeg4.mp4",
            "test_a_file_without_pictures_is_unreadable small/Mpeg4.mp4",
        ),
        "no stream and no frame are one error",
    ),
}
"""Tests that this decoder fails, with the file if only some files fail -> what goes wrong."""
_NOISE_SECONDS = 1e-6
"""Tolerance in seconds, because it compares times as floats, not in ticks."""


def probe(path: Path) -> VideoFacts:
    """Facts of a video file, from the scan of all its packets that the exact mode makes anyway.

    Raises VideoUnreadable when it cannot be opened.
    """
    decoder, facts = _opened(path)
    first = _first(path, decoder)
    turned = round((getattr(facts, "rotation", None) or 0) / 90) * 90 % 360
    duration = float(facts.end_stream_seconds - facts.begin_stream_seconds)
    containers.check_duration(path, duration)
    return VideoFacts(
        duration=duration,
        fps=float(facts.average_fps) if facts.average_fps else None,
        start_time=float(facts.begin_stream_seconds),
        width=int(first.data.shape[2]),
        height=int(first.data.shape[1]),
        rotation=turned,
        codec=facts.codec or "unknown",
        n_frames=facts.num_frames_from_header or None,
        read_from={"duration": "scan", "start_time": "scan", "fps": "stream", "n_frames": "stream", "codec": "stream"},
    )


def frames(path: Path, times: Sequence[float]) -> tuple[list[np.ndarray], list[float]]:
    """The frames shown at the given times, and their true times; see `decoders.pyav.frames`."""
    decoder, facts = _opened(path)
    begin, end = facts.begin_stream_seconds, facts.end_stream_seconds
    # A time past the end gives the last frame; the decoder itself would refuse it.
    inside = [min(max(begin, begin + time + _NOISE_SECONDS), end - _NOISE_SECONDS) for time in times]
    if not inside:
        return [], []
    try:
        found = decoder.get_frames_played_at(inside)
    except (RuntimeError, IndexError) as error:
        raise VideoUnreadable(path, "torchcodec cannot read its frames") from error
    images = [image.permute(1, 2, 0).contiguous().numpy() for image in found.data]
    return images, [float(time - begin) for time in found.pts_seconds]


def _first(path: Path, decoder: Any) -> Any:
    try:
        return decoder.get_frame_at(0)
    except (RuntimeError, IndexError) as error:
        raise VideoUnreadable(path, "no frame decodes") from error


def _opened(path: Path) -> tuple[Any, Any]:
    try:
        VideoDecoder: Any = importlib.import_module("torchcodec.decoders").VideoDecoder
    except (ImportError, RuntimeError, OSError) as error:
        raise VtgError("the decoder torchcodec needs it and FFmpeg: pip install 'vtgdata[torchcodec]'") from error
    containers.check(path)
    try:
        decoder = VideoDecoder(containers.local(path), num_ffmpeg_threads=1, seek_mode="exact")
        facts = decoder.metadata
    except (RuntimeError, ValueError, IndexError) as error:
        kind = "no video stream" if "video stream" in str(error) else "torchcodec cannot open it"
        raise VideoUnreadable(path, kind) from error
    if not facts.num_frames_from_content:
        raise VideoUnreadable(path, "no frame decodes")
    containers.check_size(path, facts.width or 0, facts.height or 0)
    return decoder, facts
