"""More spoilt videos and more good ones that look odd: kinds that were kept aside while the finder of damage was made.

As in `spoilt_videos`, what is done to a file is chosen by its kind and seed alone.
"""

import random
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

from support.spoilt_videos import CODECS, Made, ffmpeg, good, source

H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
SLOW_H264 = ["-c:v", "libx264", "-preset", "medium", "-pix_fmt", "yuv420p"]
VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "300k"]
SOUND = ["-f", "lavfi", "-i", "sine=f=330:d=10"]


def _patched(path: Path, old: bytes, new: bytes) -> None:
    raw = path.read_bytes()
    assert old in raw, old
    path.write_bytes(raw.replace(old, new))


def taken_out(path: Path, seed: int, codec: str) -> Made:
    """A piece of the file is gone, and what comes after it has moved up."""
    path, chance = good(path, seed, codec), random.Random(seed)
    raw = path.read_bytes()
    begin, share = chance.uniform(0.25, 0.55), chance.uniform(0.1, 0.2)
    path.write_bytes(raw[: int(len(raw) * begin)] + raw[int(len(raw) * (begin + share)) :])
    return Made(path, "hole", 10 * begin, 10 * (begin + share))


def repeated_bytes(path: Path, seed: int, codec: str) -> Made:
    """A piece of the file holds a copy of another piece, as after a download that mixed up its parts."""
    path, chance = good(path, seed, codec), random.Random(seed)
    raw = bytearray(path.read_bytes())
    size, begin = int(len(raw) * 0.15), int(len(raw) * chance.uniform(0.45, 0.6))
    raw[begin : begin + size] = raw[begin - size - 1000 : begin - 1000]
    path.write_bytes(raw)
    return Made(path, "hole", 10 * begin / len(raw), 10 * (begin + size) / len(raw))


def two_holes(path: Path, seed: int, codec: str) -> Made:
    """Two small holes far from each other."""
    path = good(path, seed, codec, seconds=20)
    size = path.stat().st_size
    with path.open("r+b") as file:
        for begin in (0.3, 0.7):
            file.seek(int(size * begin))
            file.write(bytes(int(size * 0.03)))
    return Made(path, "hole", 6, 14.6)


def whole_groups(path: Path, seed: int, codec: str) -> Made:
    """From one key frame to another nothing is left, and what comes after keeps its times: nothing fails to decode."""
    first = good(path.with_name(f"{path.name}-whole"), seed, codec)
    path = path.with_suffix(first.suffix)
    ffmpeg("-i", first, "-c", "copy", "-bsf:v", "noise=drop=gte(n\\,96)*lt(n\\,168)", path)
    first.unlink()
    return Made(path, "hole", 3.84, 6.72)


def fragments_cut(path: Path, seed: int, codec: str) -> Made:
    """A recording in fragments that stops within one."""
    whole = good(path.with_name(f"{path.name}-whole"), seed, codec)
    path = path.with_suffix(whole.suffix)
    ffmpeg("-i", whole, "-c", "copy", "-movflags", "frag_keyframe+empty_moov", path)
    whole.unlink()
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * random.Random(seed).uniform(0.4, 0.8))])
    return Made(path, "truncated")


def index_lost(path: Path, seed: int, codec: str) -> Made:
    """The end is missing, and with it the index."""
    path = good(path, seed, codec)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * 0.7)])
    return Made(path, "truncated")


def only_sound(path: Path, seed: int, codec: str) -> Made:
    suffix = CODECS[codec][0]
    path = path.with_suffix(f".{suffix}")
    ffmpeg(*SOUND, "-c:a", {"webm": "libvorbis", "avi": "mp2"}.get(suffix, "aac"), path)
    return Made(path, "streams")


def handlers_swapped(path: Path, seed: int, codec: str) -> Made:
    """The tracks of picture and sound are taken for each other."""
    path = good(path, seed, codec)
    raw = path.read_bytes()
    raw = raw.replace(b"vide\0\0\0\0", b"XXXX\0\0\0\0").replace(b"soun\0\0\0\0", b"vide\0\0\0\0")
    path.write_bytes(raw.replace(b"XXXX\0\0\0\0", b"soun\0\0\0\0"))
    return Made(path, "streams")


def cover_first(path: Path, seed: int, codec: str) -> Made:
    """A short title in another size lies before the film, and both are called the default."""
    suffix, options = CODECS[codec]
    path = path.with_suffix(f".{suffix}")
    ffmpeg(
        *source(seed, 10), *source(seed + 1, 2, size="640x480", rate="25"), *SOUND, "-map", "1:v", "-map", "2:a",
        "-map", "0:v", *options, "-c:a", {"webm": "libvorbis"}.get(suffix, "aac"), "-pix_fmt", "yuv420p", path,
    )  # fmt: skip
    return Made(path, "streams")


def resized_for_a_while(path: Path, seed: int, codec: str) -> Made:
    """Between 4 and 6 s the picture has another size, as when somebody turns a telephone in a call."""
    suffix, options = CODECS[codec]
    parts = [path.with_name(f"{path.name}-{part}.{suffix}") for part in "abc"]
    for part, size, seconds in zip(parts, ("320x240", "240x320", "320x240"), (4, 2, 4), strict=True):
        ffmpeg(*source(seed, seconds, size=size), *options, "-pix_fmt", "yuv420p", part)
    path = path.with_suffix(f".{suffix}")
    listed = path.with_name(f"{path.name}-list.txt")
    listed.write_text("".join(f"file '{part}'\n" for part in parts))
    ffmpeg("-f", "concat", "-safe", "0", "-i", listed, "-c", "copy", path)
    for each in (*parts, listed):
        each.unlink()
    return Made(path, "size", 4, 6)


def one_box_misdated(path: Path, seed: int, codec: str) -> Made:
    """One of the places that state the duration says 40 % too much."""
    path = good(path, seed, codec)
    raw = bytearray(path.read_bytes())
    box, place = ((b"mvhd", 16), (b"mdhd", 16), (b"tkhd", 20))[seed // 3 % 3]
    begin = raw.find(box) + 4 + place
    (value,) = struct.unpack(">I", raw[begin : begin + 4])
    raw[begin : begin + 4] = struct.pack(">I", int(value * 1.4))
    path.write_bytes(raw)
    return Made(path, "duration")


def steps_doubled(path: Path, seed: int, codec: str) -> Made:
    """The frames are said to come half as fast, so the picture lasts twice as long as the file and its sound."""
    path = good(path, seed, codec)
    raw = bytearray(path.read_bytes())
    begin = raw.find(b"stts") + 8
    (count,) = struct.unpack(">I", raw[begin : begin + 4])
    for entry in range(count):
        at = begin + 4 + 8 * entry + 4
        (step,) = struct.unpack(">I", raw[at : at + 4])
        raw[at : at + 4] = struct.pack(">I", step * 2)
    path.write_bytes(raw)
    return Made(path, "duration")


def relabelled(path: Path, seed: int, codec: str) -> Made:
    """The container names another codec than its frames have."""
    path = good(path, seed, codec)
    for old, new in (
        (b"avc1", b"hvc1"), (b"hvc1", b"avc1"), (b"hev1", b"avc1"), (b"V_MPEG4/ISO/AVC", b"V_MS/VFW/FOURCC"),
        (b"V_VP9", b"V_VP8"), (b"V_VP8", b"V_VP9"), (b"FMP4", b"H264"), (b"mp4v", b"avc1"),
    ):  # fmt: skip
        if old in path.read_bytes():
            _patched(path, old, new)
            break
    return Made(path, "codec")


def changed_codec(path: Path, seed: int, codec: str) -> Made:
    """From the middle on the frames have another codec than the container says."""
    first = good(path.with_name(f"{path.name}-a"), seed, codec, seconds=5, sound=False)
    other = "mpeg4.mp4" if codec != "mpeg4.mp4" else "h264.mp4"
    second = good(path.with_name(f"{path.name}-b"), seed + 1, other, seconds=5, sound=False)
    path = path.with_suffix(".mkv")
    listed = path.with_name(f"{path.name}-list.txt")
    listed.write_text(f"file '{first}'\nfile '{second}'\n")
    ffmpeg("-f", "concat", "-safe", "0", "-i", listed, "-c", "copy", path)
    for each in (first, second, listed):
        each.unlink()
    return Made(path, "hole", 5, 10)


def no_video(path: Path, seed: int, codec: str) -> Made:
    """A picture, a song or a text under the name of a video."""
    path = path.with_suffix(f".{CODECS[codec][0]}")
    if seed // 5 % 2:
        made = path.with_suffix(".png")
        ffmpeg(*source(seed, 1), "-frames:v", "1", made)
    else:
        made = path.with_suffix(".mp3")
        ffmpeg(*SOUND, made)
    made.rename(path)
    return Made(path, "codec")


SPOILT: dict[str, tuple[Callable[[Path, int, str], Made], tuple[str, ...]]] = {
    "taken out": (taken_out, ("h264.mp4", "mpeg4.avi", "vp9.webm", "h264.ts", "h264.mkv", "hevc.mp4")),
    "repeated bytes": (repeated_bytes, ("h264.mp4", "vp8.webm", "h264.mkv", "mpeg4.avi", "h264.ts", "mpeg4.mp4")),
    "two holes": (two_holes, ("h264.mp4", "h264.mkv", "vp9.webm", "hevc.mp4", "mpeg4.avi", "h264.ts")),
    "whole groups": (whole_groups, ("h264.mp4", "vp9.webm", "hevc.mp4", "h264.mkv", "h264.ts", "vp8.webm")),
    "fragments cut": (fragments_cut, ("h264.mp4", "hevc.mp4")),
    "index lost": (index_lost, ("h264.mp4", "hevc.mp4", "mpeg4.mp4", "vp8.webm")),
    "only sound": (only_sound, ("h264.mp4", "h264.mkv", "vp9.webm", "mpeg4.avi", "h264.ts")),
    "handlers swapped": (handlers_swapped, ("h264.mp4", "hevc.mp4", "mpeg4.mp4")),
    "cover first": (cover_first, ("h264.mp4", "h264.mkv", "h264.ts", "hevc.mp4")),
    "resized for a while": (resized_for_a_while, ("h264.ts", "vp9.webm", "vp8.webm")),
    "one box misdated": (one_box_misdated, ("h264.mp4", "hevc.mp4", "mpeg4.mp4")),
    "steps doubled": (steps_doubled, ("h264.mp4", "hevc.mp4", "mpeg4.mp4")),
    "relabelled": (relabelled, ("h264.mp4", "h264.mkv", "vp9.webm", "hevc.mp4", "mpeg4.avi", "vp8.webm", "mpeg4.mp4")),
    "changed codec": (changed_codec, ("h264.mp4", "mpeg4.mp4", "hevc.mp4", "vp9.webm")),
    "no video": (no_video, ("h264.mp4", "vp9.webm", "mpeg4.avi", "h264.mkv", "h264.ts")),
}  # fmt: skip
"""As in `spoilt_videos`."""

BY_FFMPEG: dict[str, tuple[str, Sequence[object]]] = {
    "screen, one pause": ("mp4", [*source(1, 14), "-vf", "select='not(between(t\\,5\\,9.5))'", "-fps_mode", "vfr",
                                  *SLOW_H264]),
    "screen, two pauses": ("webm", [*source(3, 16), "-vf", "select='not(between(t\\,3\\,6)+between(t\\,8\\,13))'",
                                    "-fps_mode", "vfr", *VP9]),
    "screen, one pause, mkv": ("mkv", [*source(2, 14), "-vf", "select='not(between(t\\,4\\,8))'", "-fps_mode", "vfr",
                                       *H264, "-bf", "2"]),
    "a picture every 5 s": ("mp4", [*source(0, 60, rate="0.2"), *H264]),
    "a picture every 7 s, webm": ("webm", [*source(0, 70, rate="1/7"), *VP9]),
    "slides": ("mp4", [*source(0, 40, rate="1/10"), "-r", "25", *SLOW_H264]),
    "black in the middle": ("mp4", [*source(1, 12), "-vf", "drawbox=c=black:t=fill:enable='between(t,3,9)'",
                                    *SLOW_H264, "-bf", "3"]),
    "black in the middle, vp8": ("webm", [*source(0, 12), "-vf", "drawbox=c=black:t=fill:enable='between(t,3,9)'",
                                          "-c:v", "libvpx", "-b:v", "300k", "-auto-alt-ref", "1", "-lag-in-frames",
                                          "16", "-deadline", "good", "-cpu-used", "5"]),
    "hidden frames, vp9": ("webm", [*source(2, 8), "-c:v", "libvpx-vp9", "-b:v", "300k", "-deadline", "good",
                                    "-cpu-used", "5", "-auto-alt-ref", "1", "-lag-in-frames", "25"]),
    "av1": ("mp4", [*source(1, 6), "-c:v", "libsvtav1", "-preset", "12", "-pix_fmt", "yuv420p"]),
    "av1, webm": ("webm", [*source(3, 5), "-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-b:v",
                           "300k"]),
    "piped webm": ("webm", [*source(1, 10), *VP9, "-live", "1"]),
    "piped mkv": ("mkv", [*source(0, 10), *SOUND, *H264, "-c:a", "aac", "-live", "1"]),
    "late clock, ts": ("ts", [*source(1, 10), *SOUND, *H264, "-c:a", "mp2", "-output_ts_offset", "95440"]),
    "late clock, mkv": ("mkv", [*source(1, 10), *H264, "-output_ts_offset", "30"]),
    "sound first": ("mp4", ["-itsoffset", "1.5", *source(2, 8), *SOUND, "-map", "1:a", "-map", "0:v", *H264, "-c:a",
                            "aac"]),
    "open groups": ("mp4", [*source(1, 10), *SLOW_H264, "-x264opts", "open-gop=1:bframes=4:b-pyramid=normal:keyint=25",
                            "-ss", "0"]),
    "waves of refresh": ("mp4", [*source(0, 10), *H264, "-x264opts", "intra-refresh=1:keyint=25"]),
    "interlaced": ("mp4", [*source(1, 8, size="320x256"), *SLOW_H264, "-flags", "+ilme+ildct", "-x264opts", "tff=1"]),
    "mpeg2, ts": ("ts", [*source(2, 8), "-c:v", "mpeg2video", "-bf", "2", "-q:v", "5", "-pix_fmt", "yuv420p"]),
    "mpeg1": ("mpg", [*source(3, 8), "-c:v", "mpeg1video", "-q:v", "5"]),
    "vob": ("mpg", [*source(1, 8), *SOUND, "-c:v", "mpeg2video", "-q:v", "5", "-f", "vob", "-c:a", "mp2"]),
    "mjpeg": ("avi", [*source(0, 6), "-c:v", "mjpeg", "-q:v", "5"]),
    "xvid": ("avi", [*source(1, 8), "-c:v", "libxvid", "-bf", "2", "-q:v", "5"]),
    "h264 in avi": ("avi", [*source(1, 8), *H264, "-bf", "2"]),
    "prores": ("mov", [*source(2, 3), "-c:v", "prores_ks"]),
    "lossless": ("mkv", [*source(2, 3), "-c:v", "ffv1"]),
    "raw": ("avi", [*source(0, 2, size="64x48"), "-c:v", "rawvideo", "-pix_fmt", "yuv420p"]),
    "wmv": ("wmv", [*source(1, 8), "-c:v", "wmv2", "-q:v", "5"]),
    "flv": ("flv", [*source(1, 8), *SOUND, *H264, "-c:a", "aac"]),
    "theora": ("ogv", [*source(1, 8), "-c:v", "libtheora", "-q:v", "5"]),
    "telephone": ("3gp", [*source(0, 8, size="352x288"), "-c:v", "h263", "-q:v", "5"]),
    "gif": ("gif", [*source(0, 3, size="80x60", rate="10")]),
    "one frame": ("mp4", [*source(0, 1), "-frames:v", "1", *H264]),
    "two frames": ("mp4", [*source(0, 1), "-frames:v", "2", *H264]),
    "two tongues": ("mkv", [*source(1, 8), *SOUND, *SOUND, "-map", "1:a", "-map", "0:v", "-map", "2:a", *H264, "-c:a",
                            "aac"]),
    "clear, vp9": ("webm", [*source(0, 5), "-vf", "format=yuva420p", *VP9, "-pix_fmt", "yuva420p"]),
    "film to telly": ("mp4", [*source(1, 8, rate="24"), "-vf", "telecine", *H264]),
    "constant from uneven": ("mp4", [*source(0, 10), "-vf", "select='not(between(t\\,3\\,8))',fps=25", *SLOW_H264]),
    "stuffed": ("ts", [*source(1, 8), *H264, "-b:v", "1M", "-maxrate", "1M", "-bufsize", "1M", "-x264opts",
                       "nal-hrd=cbr", "-muxrate", "2M"]),
    "stuffed, mp4": ("mp4", [*source(0, 8), *H264, "-b:v", "1M", "-maxrate", "1M", "-bufsize", "1M", "-x264opts",
                             "nal-hrd=cbr"]),
    "time lapse": ("mp4", [*source(1, 60, rate="1"), *H264, "-g", "10"]),
    "deep colours": ("mp4", [*source(1, 5), "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
                             "log-level=0:pools=1", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1"]),
    "long titles": ("mp4", [*source(1, 8), *H264, "-metadata", "title=x", "-timecode", "01:00:00:00"]),
    "small steps": ("mp4", [*source(1, 8), *H264, "-video_track_timescale", "1000"]),
    "lossless sound": ("mov", [*source(1, 8), "-f", "lavfi", "-i", "sine=d=12", *H264, "-c:a", "pcm_s16le"]),
}  # fmt: skip
"""{kind: (suffix, arguments of ffmpeg)}."""


def _one(kind: str) -> Callable[[Path, int, str], Path]:
    def make(path: Path, seed: int, codec: str) -> Path:
        suffix, arguments = BY_FFMPEG[kind]
        path = path.with_suffix(f".{suffix}")
        ffmpeg(*arguments, path)
        return path

    return make


def _joined_late(path: Path, seed: int, codec: str) -> Path:
    """A broadcast that was joined in the middle of a group."""
    path = good(path, seed, codec)
    raw = path.read_bytes()
    path.write_bytes(raw[188 * (len(raw) // 188 * (20 + seed % 20) // 100) :])
    return path


def _cut_in_open_group(path: Path, seed: int, codec: str) -> Path:
    """Cut without encoding where groups are open: the first frames in order lack what they build on."""
    first = path.with_name(f"{path.name}-whole.mp4")
    ffmpeg(*source(seed, 10), *CODECS["hevc.mp4"][1], "-pix_fmt", "yuv420p", first)
    path = path.with_suffix(".mp4")
    ffmpeg("-ss", "3.1", "-i", first, "-c", "copy", path)
    first.unlink()
    return path


def _ends_in_zeros(path: Path, seed: int, codec: str) -> Path:
    """Bytes behind the end, as some recorders and downloads leave them."""
    path = good(path, seed, codec)
    with path.open("ab") as file:
        file.write(bytes(50_000))
    return path


def _pauses_on_camera(path: Path, seed: int, codec: str) -> Path:
    """Two scenes, a recording that was held between them, and the clock ran on."""
    suffix, options = CODECS[codec]
    parts = [path.with_name(f"{path.name}-{part}.{suffix}") for part in "ab"]
    for part, each in zip(parts, (seed, seed + 1), strict=True):
        ffmpeg(*source(each, 5), *options, "-pix_fmt", "yuv420p", part)
    path = path.with_suffix(f".{suffix}")
    listed = path.with_name(f"{path.name}-list.txt")
    listed.write_text("".join(f"file '{part}'\n" for part in parts))
    ffmpeg("-f", "concat", "-safe", "0", "-i", listed, "-c", "copy", path)
    for each in (*parts, listed):
        each.unlink()
    return path


def _subtitled(path: Path, seed: int, codec: str) -> Path:
    """Subtitles that last longer than the picture."""
    whole, titles = good(path.with_name(f"{path.name}-whole"), seed, codec), path.with_suffix(".srt")
    titles.write_text("1\n00:00:01,000 --> 00:00:03,000\none\n\n2\n00:00:09,000 --> 00:00:16,000\ntwo\n")
    path = path.with_suffix(whole.suffix)
    kind = "mov_text" if whole.suffix == ".mp4" else "srt"
    ffmpeg("-i", whole, "-i", titles, "-map", "0", "-map", "1", "-c", "copy", "-c:s", kind, path)
    whole.unlink()
    titles.unlink()
    return path


GOOD: dict[str, tuple[Callable[[Path, int, str], Path], tuple[str, ...]]] = {
    **{kind: (_one(kind), ("h264.mp4",)) for kind in BY_FFMPEG},
    "joined late": (_joined_late, ("h264.ts",)),
    "cut in an open group": (_cut_in_open_group, ("hevc.mp4",)),
    "ends in zeros": (_ends_in_zeros, ("h264.mp4", "mpeg4.avi", "vp9.webm", "h264.ts")),
    "joined parts": (_pauses_on_camera, ("h264.mp4", "mpeg4.avi", "vp9.webm", "h264.mkv", "h264.ts")),
    "subtitled": (_subtitled, ("h264.mp4", "h264.mkv")),
}
"""As in `spoilt_videos`."""
