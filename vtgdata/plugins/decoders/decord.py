"""decord 0.6.0: reads frames by their number; exact on ordinary files, wrong on those that `KNOWN_WRONG` lists.

Kept to reproduce earlier results that were made with it. It is unmaintained, its FFmpeg is version 4 (no AV1), and it
does not tell where a file's clock starts. Never use `decord2`, which replaces it and gives wrong frames without an
error.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vtgdata.errors import VideoUnreadable, VtgError
from vtgdata.records import VideoFacts
from vtgdata.video import containers

if TYPE_CHECKING:
    import numpy as np

NEEDS = "decord"
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
        "an AVI with B-frames has other times, and the wrong frames",
    ),
    **dict.fromkeys(
        (
            "test_facts_are_those_of_ffprobe av1_video.mkv",
            "test_50_random_times_give_the_frame_on_show av1_video.mkv",
            "test_real_files_have_the_facts_that_ffprobe_gives av1_video.mkv",
        ),
        "its FFmpeg of version 4 has no AV1",
    ),
    **dict.fromkeys(
        (
            "test_facts_are_those_of_ffprobe big_buck_bunny_0_30.webm",
            "test_facts_are_those_of_ffprobe demo1.mp4",
            "test_facts_are_those_of_ffprobe derived/OHOFG_fragmented.mp4",
            "test_the_clock_of_a_file_starts_at_its_first_frame",
        ),
        "where a file's clock starts is hidden",
    ),
    **dict.fromkeys(
        (
            "test_facts_are_those_of_ffprobe derived/v_GGSY1Qvo990_rot90meta.mp4",
            "test_facts_are_those_of_ffprobe video_90.mov",
            "test_facts_are_those_of_ffprobe video_180.mov",
            "test_real_files_have_the_facts_that_ffprobe_gives derived/v_GGSY1Qvo990_rot90meta.mp4",
            "test_real_files_have_the_facts_that_ffprobe_gives video_90.mov",
            "test_real_files_have_the_facts_that_ffprobe_gives video_180.mov",
        ),
        "rotation is applied, and hidden",
    ),
    **dict.fromkeys(
        (
            "test_real_files_have_the_facts_that_ffprobe_gives big_buck_bunny_0_30.webm",
            "test_n_frames_at_f_a_second_last_n_over_f_seconds 30000/1001",
            "test_sorted_shuffled_and_repeated_times_agree_whatever_the_start_of_the_clock a.ts",
            "test_sorted_shuffled_and_repeated_times_agree_whatever_the_start_of_the_clock a.flv",
        ),
        "the length of the last frame is wrong or rounded",
    ),
    **dict.fromkeys(
        (
            "test_facts_are_those_of_ffprobe small/webm.webm",
            "test_facts_are_those_of_ffprobe splitvideo00.ogg",
            "test_50_random_times_give_the_frame_on_show small/webm.webm",
            "test_50_random_times_give_the_frame_on_show splitvideo00.ogg",
        ),
        "it cannot open a file of one frame without length, nor Theora",
    ),
    **dict.fromkeys(
        ("test_50_random_times_give_the_frame_on_show -video-with-dash-.mp4",),
        "a frame of one pixel cannot be copied",
    ),
    **dict.fromkeys(
        ("test_a_file_that_is_cut_off_ends_where_it_is_cut",),
        "a file that is cut off cannot be opened",
    ),
    **dict.fromkeys(
        (
            "test_what_shows_nothing_says_why small/AudioVideoInterleave.avi",
            "test_what_shows_nothing_says_why small/FlashVideo.flv",
        ),
        "no stream and no frame are one error",
    ),
}
"""Tests that this decoder fails, with the file if only some files fail -> what goes wrong."""
TIME_ERROR = 2e-5
"""Tolerance in seconds, because decord's times are 32-bit floats."""


def probe(path: Path) -> VideoFacts:
    """Facts of a video file from decord's table of frames; decord does not tell its start time and rotation.

    Raises VideoUnreadable when decord cannot open it.
    """
    reader, table = _opened(path)
    height, width = reader[0].shape[:2]
    steps = table[1:, 0] - table[:-1, 0]
    containers.check_duration(path, float(table[-1, 1] - table[0, 0]))
    return VideoFacts(
        duration=round(float(table[-1, 1] - table[0, 0]), 4),
        fps=float(reader.get_avg_fps()) or None,
        start_time=0.0,
        width=int(width),
        height=int(height),
        rotation=0,
        codec="unknown",
        n_frames=len(reader),
        variable=bool(len(steps) and steps.max() - steps.min() > 0.0015),
        read_from=dict.fromkeys(("duration", "fps", "n_frames", "variable"), "index"),
    )


def frames(path: Path, times: Sequence[float]) -> tuple[list[np.ndarray], list[float]]:
    """The frames shown at the given times, and their true times; see `decoders.pyav.frames`."""
    import numpy as np

    reader, table = _opened(path)
    starts = table[:, 0] - table[0, 0]
    places = np.clip(np.searchsorted(starts, np.asarray(times) + TIME_ERROR, side="right") - 1, 0, None)
    wanted = sorted({int(place) for place in places})
    try:
        images = dict(zip(wanted, reader.get_batch(wanted).asnumpy(), strict=True)) if wanted else {}
    except _library().DECORDError as error:
        raise VideoUnreadable(path, "decord cannot read its frames") from error
    return [images[int(place)] for place in places], [float(starts[place]) for place in places]


def _library() -> Any:
    try:
        import decord
    except ModuleNotFoundError as error:
        raise VtgError("the decoder decord needs its library: pip install 'vtgdata[decord]'") from error
    return decord


def _opened(path: Path) -> tuple[Any, Any]:
    """A reader of the file, and an (n, 2) table with start and end of each frame in seconds."""
    library = _library()
    containers.check(path)
    try:
        reader = library.VideoReader(containers.local(path), num_threads=1)
        if not len(reader):
            raise VideoUnreadable(path, "no frame decodes")
        table = reader.get_frame_timestamp(range(len(reader)))
    except (library.DECORDError, RuntimeError, IndexError) as error:
        kind = "no video stream" if "video stream" in str(error) else "decord cannot open it"
        raise VideoUnreadable(path, kind) from error
    height, width = reader[0].shape[:2]
    containers.check_size(path, width, height)
    return reader, table.astype("float64")
