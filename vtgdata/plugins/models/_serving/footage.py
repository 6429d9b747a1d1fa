"""Frames as one video in a request, in the form that each server takes; none samples frames by itself unasked.

Sources: documentation and code of vLLM 0.33 and SGLang 0.5.23; for Gemini see `generate_content`.
"""

import base64
import logging
import math
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from vtgdata.errors import VtgError
from vtgdata.plugins.models._serving import generate_content
from vtgdata.records import Footage, NotTold
from vtgdata.video import h264, motion_jpeg, rates, told_times
from vtgdata.video.model_families import named_family
from vtgdata.video.told_times import Given

log = logging.getLogger("vtgdata")
Kind = Literal["", "vllm", "sglang", "gemini"]
LEAST = 4
"""Least frames that SGLang takes of a video."""
_POSITIONS = 2
"""Temporal positions a second of the published models of Qwen2.5-VL."""
FIELDS = ("media_io_kwargs", "mm_processor_kwargs")
"""Fields of a body by which a server samples otherwise than it is told here."""
_MADE = {"vllm": FIELDS, "sglang": FIELDS, "gemini": generate_content.MADE}
"""Fields of a body that no user may set, by kind of server."""


class VideoRequests:
    """How the servers of one model are sent a video; `refused` says why they are not, as a clause, or is empty."""

    def __init__(self, model: str, kind: Kind, family: str, changes: Sequence[str], *, samples: bool = False) -> None:
        """Look at what is known.

        Args:
            model: its name on the servers.
            kind: what the servers are; empty if nobody says.
            family: of the model, as `model_type` of its configuration; empty to go by its name.
            changes: dotted names of the body's fields that the user gave.
            samples: whether a server whose kind nobody says may sample the frames by itself, by the user's word.

        Raises VtgError when the user changes a field that is needed, or when two settings contradict each other.
        """
        self.kind: Kind = kind
        self.samples = samples
        self.family = family or (named_family(model) if kind not in ("", "gemini") else "")
        made = tuple(f"{_plain(name)}." for name in _MADE.get(kind, ()))
        own = [name for name in changes if f"{_plain(name)}.".startswith(made)]
        if own:
            raise VtgError(f"--body {own[0]}: with --video-server {kind} it says which frames are sent. Leave it out.")
        if samples and kind:
            raise VtgError(
                f"--server-samples: with --video-server {kind} the server is told which frames to take, so that it "
                "samples none by itself. Leave out one of the two."
            )
        if family and (samples or kind == "gemini"):
            named = "--server-samples" if samples else "--video-server gemini"
            raise VtgError(f"--video-family: with {named} no rule of ours tells the times. Leave it out.")
        self.refused = self._refused()
        if samples:
            _warn(model)

    def _refused(self) -> str:
        if self.samples or self.kind == "gemini":
            return ""
        if not self.kind:
            return (
                "a server samples a video by itself, at times that nobody tells, unless it is told how: say which "
                "server it is with --video-server vllm, sglang or gemini (--server-samples lets it all the same, and "
                "then nobody knows which times its answers go by)"
            )
        if not self.family:
            return (
                "its name does not tell by which rule the model is told times: say --video-family with one of "
                f"{', '.join(told_times.RULES)}"
            )
        return told_times.refused(self.family)

    @property
    def identity(self) -> str:
        """What of it changes answers, as a part of the model's id; empty if nothing is known of the servers."""
        if self.samples:
            return "[samples by itself]"
        return f"[{' '.join(filter(None, (self.kind, self.family)))}]" if self.kind and not self.refused else ""

    def told(self, times: Sequence[float]) -> tuple[float, ...]:
        """The times that the model is told; see `VideoModel`. Empty where nobody knows them.

        Gemini takes frame i of what it is sent for that at i / rate.
        """
        if self.samples:
            _one_rate(times, "a server that samples by itself")
            return ()
        if self.kind == "gemini":
            rate = _gemini_rate(times)
            return tuple(number / rate for number in range(len(times)))
        return self._given(times).told

    def _given(self, times: Sequence[float]) -> Given:
        if self.kind == "sglang":
            rate = _sglang_rate(times)
            times = [number / rate for number in range(len(times))]
        return told_times.RULES[self.family](times, _POSITIONS)

    def part(self, footage: Footage) -> dict[str, Any]:
        """The part of a message."""
        if self.kind == "gemini":
            rate = _gemini_rate(footage.times)
            return generate_content.video(h264.file(footage.jpegs, rate), rate)
        if self.kind == "sglang":
            rate, count = _sglang_rate(footage.times), len(footage.jpegs)
            said = _file(footage, rate) | {"fps": _asked(count, rate), "max_frames": count}
            return {"type": "video_url", "video_url": said}
        if self.samples:
            return {"type": "video_url", "video_url": _file(footage, _one_rate(footage.times, ""))}
        frames = ",".join(map(_base64, footage.jpegs))
        return {"type": "video_url", "video_url": {"url": f"data:video/jpeg;base64,{frames}"}}

    def fields(self, footage: Sequence[Footage]) -> dict[str, Any]:
        """The fields of the body beside the messages. vLLM's hold for all videos of a request, so there is one."""
        if self.kind != "vllm" or not footage:
            return {}
        if len(footage) > 1:
            raise VtgError(
                f"--video-server vllm: the prompt shows {len(footage)} videos, and a request to vLLM tells the times "
                "of one. Leave one {frames} in the prompt, or take --as frames."
            )
        one = footage[0]
        stated = self._given(one.times).metadata
        return {
            "media_io_kwargs": {
                "video": {
                    "num_frames": -1,
                    **stated,
                    "duration": stated["frames_indices"][-1] / stated["fps"],
                    "do_sample_frames": False,
                }
            }
        }


def _plain(name: str) -> str:
    """A field's name in one spelling: Gemini's servers take `system_instruction` as well as `systemInstruction`."""
    return name.replace("_", "").lower()


@cache
def _warn(model: str) -> None:
    """Say what is not known, once in a process."""
    log.warning(
        "%s: the server samples the frames of --as video once more by itself (--server-samples): nobody knows which it "
        "shows the model, and which times it tells. Its answers' times may be wrong, and frame_times stay empty.",
        model,
    )


def _sglang_rate(times: Sequence[float]) -> float:
    """Frames a second of a file of these frames, of which SGLang takes all; raises NotTold if it would not."""
    if len(times) < LEAST or len(times) % 2:
        raise NotTold(f"SGLang takes an even number of frames, at least {LEAST}, and it has {len(times)}")
    return _one_rate(times, "SGLang")


def _gemini_rate(times: Sequence[float]) -> float:
    rate = _one_rate(times, "Gemini")
    if rate > generate_content.FASTEST:
        raise NotTold(f"Gemini takes at most {generate_content.FASTEST:g} frames a second, and it has {rate:g}")
    return rate


def _one_rate(times: Sequence[float], who: str) -> float:
    """Frames a second of a file of these frames; raises NotTold if they have no one rate. Args: who: is sent it."""
    if len(times) < 2:
        raise NotTold(f"{who} is sent a file of one rate, and a single frame has none")
    steps = rates.steps(times)
    if steps.least > steps.most:
        raise NotTold(f"{who} is sent a file of one rate from 0 s on, and its frames have no such rate")
    rate = motion_jpeg.rate_of(steps.rate)
    if any(abs(number / rate - time) > rates.CLOSE for number, time in enumerate(times)):
        raise NotTold(f"{who} is sent a file of one rate, and a file does not have the rate of its frames")
    return rate


def _file(footage: Footage, rate: float) -> dict[str, Any]:
    return {"url": f"data:video/mp4;base64,{_base64(motion_jpeg.file(footage.jpegs, rate))}"}


def _asked(count: int, rate: float) -> float:
    """The rate at which SGLang takes all `count` frames of a file of that rate: it rounds what it reckons down."""
    asked = math.ceil(rate * 1e6) / 1e6
    while count / rate * asked < count:
        asked += 1e-6
    return asked


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
