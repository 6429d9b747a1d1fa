"""Videos that are spoilt on purpose, and good ones that look odd: made by ffmpeg and edits of bytes, from a seed.

Nothing here knows how damage is found: what is done to a file is chosen by its kind and seed alone.
"""

import random
import re
import struct
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

CODECS = {
    "h264.mp4": ("mp4", ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "24"]),
    "hevc.mp4": ("mp4", ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=0:pools=1", "-g", "24"]),
    "mpeg4.avi": ("avi", ["-c:v", "mpeg4", "-q:v", "5", "-g", "24"]),
    "vp9.webm": ("webm", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "400k", "-g", "24"]),
    "h264.mkv": ("mkv", ["-c:v", "libx264", "-preset", "ultrafast", "-g", "24"]),
    "h264.ts": ("ts", ["-c:v", "libx264", "-preset", "ultrafast", "-g", "24"]),
    "mpeg4.mp4": ("mp4", ["-c:v", "mpeg4", "-q:v", "5", "-bf", "1", "-g", "24"]),
    "vp8.webm": ("webm", ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "400k", "-g", "24"]),
}  # fmt: skip
"""{name: (suffix, options of ffmpeg)}."""
SOUND = {"webm": "libvorbis", "ts": "mp2", "avi": "mp2"}


class Made(NamedTuple):
    """One video, and what is wrong with it."""

    path: Path
    wrong: str
    """Kind of damage; empty for a good one."""
    start: float | None = None
    """Where known: seconds from the first frame at which the damage begins and ends, roughly."""
    end: float | None = None


def ffmpeg(*arguments: object) -> None:
    """Run ffmpeg; its own files are overwritten."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def source(seed: int, seconds: float, size: str = "320x240", rate: str = "25") -> list[str]:
    """A moving picture that differs from seed to seed."""
    pictures = [
        f"testsrc2=s={size}:r={rate}:d={seconds}",
        f"mandelbrot=s={size}:r={rate}:start_scale={1 + seed % 7 / 10},trim=duration={seconds}",
        f"testsrc=s={size}:r={rate}:d={seconds},hue=h={seed * 37 % 360}",
        f"life=s={size}:r={rate}:seed={seed}:mold=10:ratio=0.1,trim=duration={seconds},scale={size.replace('x', ':')}",
    ]
    return ["-f", "lavfi", "-i", pictures[seed % len(pictures)]]


def good(path: Path, seed: int, codec: str, seconds: float = 10.0, *, sound: bool = True, **more: str) -> Path:
    """An ordinary video."""
    suffix, options = CODECS[codec]
    sounds = (
        ["-f", "lavfi", "-i", f"sine=f={200 + seed}:d={seconds}", "-c:a", SOUND.get(suffix, "aac")] if sound else []
    )
    inputs = [*source(seed, seconds, **more), *sounds[:4]]
    path = path.with_suffix(f".{suffix}")
    ffmpeg(*inputs, *options, *sounds[4:], "-pix_fmt", "yuv420p", path)
    return path


def _overwritten(path: Path, chance: random.Random, fill: Callable[[int], bytes]) -> tuple[float, float]:
    """Overwrite 8 to 20 % of the bytes somewhere in the middle; the shares of the file between which they lie."""
    size = path.stat().st_size
    share = chance.uniform(0.08, 0.2)
    begin = chance.uniform(0.25, 0.6)
    with path.open("r+b") as file:
        file.seek(int(size * begin))
        file.write(fill(int(size * share)))
    return begin, begin + share


def zeros(path: Path, seed: int, codec: str) -> Made:
    path = good(path, seed, codec)
    begin, end = _overwritten(path, random.Random(seed), bytes)
    return Made(path, "hole", 10 * begin, 10 * end)


def noise(path: Path, seed: int, codec: str) -> Made:
    path, chance = good(path, seed, codec), random.Random(seed)
    begin, end = _overwritten(path, chance, chance.randbytes)
    return Made(path, "hole", 10 * begin, 10 * end)


def dropped(path: Path, seed: int, codec: str) -> Made:
    """Packets of some seconds are left out; the others keep their times."""
    first = good(path.with_name(f"{path.name}-whole"), seed, codec)
    start = 2 + seed % 4
    end = start + 2
    path = path.with_suffix(first.suffix)
    kept = f"noise=drop=gte(pts*tb\\,{start})*lt(pts*tb\\,{end})"
    try:
        ffmpeg("-i", first, "-c", "copy", "-bsf:v", kept, path)
    except AssertionError:
        cut = [path.with_name(f"{path.name}-{part}{first.suffix}") for part in "ab"]
        ffmpeg("-i", first, "-t", start, "-c", "copy", cut[0])
        ffmpeg("-ss", end, "-i", first, "-c", "copy", cut[1])
        listed = path.with_name(f"{path.name}-list.txt")
        listed.write_text(f"file '{cut[0]}'\nduration {end}\nfile '{cut[1]}'\n")
        ffmpeg("-f", "concat", "-safe", "0", "-i", listed, "-c", "copy", path)
        for each in (*cut, listed):
            each.unlink()
    first.unlink()
    return Made(path, "hole", start, end)


def cut_off(path: Path, seed: int, codec: str) -> Made:
    """The last 20 to 60 % of the bytes are missing."""
    if CODECS[codec][0] == "mp4":
        whole = good(path.with_name(f"{path.name}-whole"), seed, codec)
        path = path.with_suffix(".mp4")
        ffmpeg("-i", whole, "-c", "copy", "-movflags", "faststart", path)
        whole.unlink()
    else:
        path = good(path, seed, codec)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * random.Random(seed).uniform(0.4, 0.8))])
    return Made(path, "truncated")


def swapped(path: Path, seed: int, codec: str) -> Made:
    """Another video stream comes before the one that is meant: a small short one, or a cover picture."""
    suffix, options = CODECS[codec]
    path = path.with_suffix(f".{suffix}")
    main, other = source(seed, 10), source(seed + 1, 3, size="160x120", rate="5")
    if seed % 2 and suffix in ("mp4", "mkv"):
        cover = path.with_suffix(".png")
        ffmpeg(*source(seed + 2, 1), "-frames:v", "1", cover)
        ffmpeg(
            *main, "-i", cover, "-map", "1:v", "-map", "0:v", "-c:v:0", "png", "-disposition:v:0", "attached_pic",
            *[f"{each}:1" if each == "-c:v" else each for each in options], "-pix_fmt:v:1", "yuv420p", path,
        )  # fmt: skip
        cover.unlink()
    else:
        ffmpeg(*main, *other, "-map", "1:v", "-map", "0:v", *options, "-pix_fmt", "yuv420p", path)
    return Made(path, "streams")


def resized(path: Path, seed: int, codec: str) -> Made:
    """The picture has another size from 4 s on."""
    suffix, options = CODECS[codec]
    path = path.with_suffix(f".{suffix}")
    raw = {"h264": "h264", "hevc": "hevc", "mpeg4": "m4v"}.get(codec.partition(".")[0])
    if suffix == "ts" or raw is None:
        raw, ending = "", suffix
    else:
        ending = raw
    parts = [path.with_name(f"{path.name}-{part}.{ending}") for part in "ab"]
    for part, size, seconds in zip(parts, ("320x240", "480x272"), (4, 6), strict=True):
        ffmpeg(*source(seed, seconds, size=size), *options, "-pix_fmt", "yuv420p", *(["-f", raw] if raw else []), part)
    if raw or suffix == "ts":
        joined = path.with_name(f"{path.name}-joined.{ending}")
        joined.write_bytes(b"".join(part.read_bytes() for part in parts))
        ffmpeg("-r", "25", *(["-f", raw] if raw else []), "-i", joined, "-c", "copy", path) if raw else joined.rename(
            path
        )
        joined.unlink(missing_ok=True)
    else:
        listed = path.with_name(f"{path.name}-list.txt")
        listed.write_text("".join(f"file '{part}'\n" for part in parts))
        ffmpeg("-f", "concat", "-safe", "0", "-i", listed, "-c", "copy", path)
        listed.unlink()
    for part in parts:
        part.unlink(missing_ok=True)
    return Made(path, "size", 4, 10)


def misdated(path: Path, seed: int, codec: str) -> Made:
    """The container states twice the duration, or half of it."""
    path = good(path, seed, codec, sound=seed % 2 == 0)
    raw, factor = bytearray(path.read_bytes()), 2 if seed % 3 else 0.5
    if path.suffix == ".mp4":
        for box, place in ((b"mvhd", 16), (b"mdhd", 16), (b"tkhd", 20)):
            at = raw.find(box)
            while at >= 0:
                begin = at + 4 + place
                (value,) = struct.unpack(">I", raw[begin : begin + 4])
                raw[begin : begin + 4] = struct.pack(">I", int(value * factor))
                at = raw.find(box, at + 4)
    elif path.suffix == ".avi":
        at = raw.find(b"avih") + 8 + 16
        (value,) = struct.unpack("<I", raw[at : at + 4])
        raw[at : at + 4] = struct.pack("<I", int(value * factor))
        at = raw.find(b"strh") + 8 + 32
        (value,) = struct.unpack("<I", raw[at : at + 4])
        raw[at : at + 4] = struct.pack("<I", int(value * factor))
    else:
        at = raw.find(b"\x44\x89\x88") + 3
        (value,) = struct.unpack(">d", raw[at : at + 8])
        raw[at : at + 8] = struct.pack(">d", value * factor)
    path.write_bytes(raw)
    return Made(path, "duration")


def disguised(path: Path, seed: int, codec: str) -> Made:
    """The name's ending says another container or codec than what is inside."""
    made = good(path, seed, codec)
    other = {".mp4": ".webm", ".webm": ".mp4", ".avi": ".mp4", ".mkv": ".avi", ".ts": ".mp4"}[made.suffix]
    return Made(made.rename(made.with_suffix(other)), "codec")


SPOILT: dict[str, tuple[Callable[[Path, int, str], Made], tuple[str, ...]]] = {
    "zeros": (zeros, ("h264.mp4", "mpeg4.avi", "vp9.webm", "h264.mkv", "h264.ts", "hevc.mp4", "mpeg4.mp4", "vp8.webm")),
    "noise": (noise, ("h264.mp4", "h264.ts", "mpeg4.avi", "hevc.mp4", "h264.mkv", "vp9.webm", "vp8.webm", "mpeg4.mp4")),
    "dropped": (dropped, ("h264.mp4", "h264.mkv", "h264.ts", "mpeg4.mp4")),
    "cut off": (cut_off, ("h264.mp4", "vp9.webm", "mpeg4.avi", "h264.mkv", "hevc.mp4", "mpeg4.mp4")),
    "swapped": (swapped, ("h264.mp4", "h264.mkv", "mpeg4.mp4", "hevc.mp4")),
    "resized": (resized, ("h264.mkv", "h264.ts", "h264.mp4", "mpeg4.avi")),
    "misdated": (misdated, ("h264.mp4", "vp9.webm", "mpeg4.avi", "h264.mkv", "hevc.mp4", "vp8.webm")),
    "disguised": (disguised, ("h264.mp4", "vp9.webm", "mpeg4.avi", "h264.ts", "h264.mkv", "vp8.webm")),
}  # fmt: skip
"""{kind: (what is done, the codecs that it is done to)}."""


def _plain(path: Path, seed: int, codec: str) -> Path:
    return good(path, seed, codec)


def _variable(path: Path, seed: int, codec: str) -> Path:
    """Frames are left out where little moves, as phones and screen recorders do; one is shown for 3 s."""
    suffix, options = CODECS[codec]
    path = path.with_suffix(f".{suffix}")
    kept = f"select='gt(random({seed})\\,0.5)*not(between(t\\,4\\,7))'"
    ffmpeg(*source(seed, 10), "-vf", kept, "-fps_mode", "vfr", *options, "-pix_fmt", "yuv420p", path)
    return path


def _rotated(path: Path, seed: int, codec: str) -> Path:
    first = good(path.with_name(f"{path.name}-whole"), seed, codec)
    path = path.with_suffix(first.suffix)
    ffmpeg("-i", first, "-c", "copy", "-metadata:s:v:0", f"rotate={90 * (1 + seed % 3)}", path)
    first.unlink()
    return path


def _odd(path: Path, seed: int, codec: str) -> Path:
    return good(
        path, seed, codec, size=("322x182", "176x144", "426x240")[seed % 3], rate=("30000/1001", "24", "12.5")[seed % 3]
    )


def _edited(path: Path, seed: int, codec: str) -> Path:
    """Cut without encoding: an edit list hides what lies between the key frame and the cut."""
    first = good(path.with_name(f"{path.name}-whole"), seed, codec)
    path = path.with_suffix(first.suffix)
    ffmpeg("-ss", f"{1.3 + seed % 3}", "-i", first, "-t", "6", "-c", "copy", path)
    first.unlink()
    return path


def _longer_sound(path: Path, seed: int, codec: str) -> Path:
    suffix, options = CODECS[codec]
    path = path.with_suffix(f".{suffix}")
    sound = ["-f", "lavfi", "-i", f"sine=f={300 + seed}:d={11 + seed % 3}", "-c:a", SOUND.get(suffix, "aac")]
    ffmpeg(*source(seed, 8), *sound[:4], *options, *sound[4:], "-pix_fmt", "yuv420p", path)
    return path


def _still(path: Path, seed: int, codec: str) -> Path:
    """A slide that stays for 10 s: all frames are equal, and nothing is wrong."""
    suffix, options = CODECS[codec]
    path = path.with_suffix(f".{suffix}")
    ffmpeg("-f", "lavfi", "-i", f"smptebars=s=320x240:r=25:d={10 + seed % 2}", *options, "-pix_fmt", "yuv420p", path)
    return path


def _covered(path: Path, seed: int, codec: str) -> Path:
    """A cover picture behind the video, as shops and phones add it."""
    whole = good(path.with_name(f"{path.name}-whole"), seed, codec)
    path, cover = path.with_suffix(whole.suffix), path.with_suffix(".png")
    ffmpeg(*source(seed + 2, 1), "-frames:v", "1", cover)
    ffmpeg(
        "-i", whole, "-i", cover, "-map", "0", "-map", "1:v", "-c", "copy", "-disposition:v:1", "attached_pic", path,
    )  # fmt: skip
    whole.unlink()
    cover.unlink()
    return path


def _fragmented(path: Path, seed: int, codec: str) -> Path:
    whole = good(path.with_name(f"{path.name}-whole"), seed, codec)
    path = path.with_suffix(whole.suffix)
    ffmpeg("-i", whole, "-c", "copy", "-movflags", "frag_keyframe+empty_moov", path)
    whole.unlink()
    return path


GOOD: dict[str, tuple[Callable[[Path, int, str], Path], tuple[str, ...]]] = {
    "plain": (_plain, tuple(CODECS)),
    "variable": (_variable, ("h264.mp4", "h264.mkv", "vp9.webm", "hevc.mp4")),
    "rotated": (_rotated, ("h264.mp4", "mpeg4.mp4")),
    "odd": (_odd, ("h264.mp4", "vp9.webm", "mpeg4.avi", "h264.mkv", "vp8.webm", "hevc.mp4")),
    "edited": (_edited, ("h264.mp4", "mpeg4.mp4", "hevc.mp4", "h264.mkv")),
    "longer sound": (_longer_sound, ("h264.mp4", "h264.mkv", "vp9.webm", "mpeg4.avi", "h264.ts")),
    "still": (_still, ("h264.mp4", "vp9.webm", "mpeg4.avi", "h264.ts")),
    "covered": (_covered, ("h264.mp4",)),
    "fragmented": (_fragmented, ("h264.mp4", "hevc.mp4")),
}
"""{kind: (how it is made, with which codecs)}."""


def made(table: Mapping[str, tuple[Callable[..., Any], tuple[str, ...]]], folder: Path, seeds: range) -> list[Any]:
    """One video a seed, as the functions of a table return it: its kinds take turns, and each kind its codecs."""
    kinds, found = list(table), []
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        kind = kinds[seed % len(kinds)]
        make, codecs = table[kind]
        codec = codecs[seed // len(kinds) % len(codecs)]
        name = re.sub(r"\W+", "-", f"{seed:03} {kind} {codec}")
        found.append(make(folder / name, seed, codec))
    return found
