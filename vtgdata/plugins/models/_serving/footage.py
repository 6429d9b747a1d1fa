"""Frames as one video in a request, in the form that each server takes; none samples frames by itself.

Sources: documentation and code of vLLM 0.33 and SGLang 0.5.23.
"""

import base64
import math
import re
from collections.abc import Sequence
from typing import Any, Literal

from vtgdata.errors import VtgError
from vtgdata.records import Footage, NotTold
from vtgdata.video import motion_jpeg, rates, told_times
from vtgdata.video.model_families import family_of
from vtgdata.video.told_times import Given

Kind = Literal["", "vllm", "sglang"]
LEAST = 4
"""Least frames that SGLang takes of a video."""
_POSITIONS = 2
"""Temporal positions a second of the published models of Qwen2.5-VL."""
_OLDER = re.compile(r"qwen-?2-?vl")
FIELDS = ("media_io_kwargs", "mm_processor_kwargs")
"""Fields of a body by which a server samples otherwise than it is told here."""


class VideoRequests:
    """How the servers of one model are sent a video; `refused` says why they are not, as a clause, or is empty."""

    def __init__(self, model: str, kind: Kind, family: str, changes: Sequence[str]) -> None:
        """Look at what is known.

        Args:
            model: its name on the servers.
            kind: what the servers are; empty if nobody says.
            family: of the model, as `model_type` of its configuration; empty to go by its name.
            changes: dotted names of the body's fields that the user gave.

        Raises VtgError when the user changes a field that is needed.
        """
        self.kind: Kind = kind
        self.family = family or (_family(model) if kind else "")
        own = [name for name in changes if kind and name.split(".")[0] in FIELDS]
        if own:
            raise VtgError(f"--body {own[0]}: with --video-server {kind} it says which frames are sent. Leave it out.")
        self.refused = self._refused()

    def _refused(self) -> str:
        if not self.kind:
            return (
                "a server samples a video by itself, at times that nobody tells, unless it is told how: say which "
                "server it is with --video-server vllm or sglang"
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
        return f"[{self.kind} {self.family}]" if self.kind and not self.refused else ""

    def told(self, times: Sequence[float]) -> tuple[float, ...]:
        """The times that the model is told; see `VideoModel`."""
        return self._given(times).told

    def _given(self, times: Sequence[float]) -> Given:
        if self.kind == "sglang":
            rate = _rate(times)
            times = [number / rate for number in range(len(times))]
        return told_times.RULES[self.family](times, _POSITIONS)

    def part(self, footage: Footage) -> dict[str, Any]:
        """The part of a message."""
        if self.kind == "sglang":
            rate = _rate(footage.times)
            file = motion_jpeg.file(footage.jpegs, rate)
            count = len(footage.jpegs)
            said = {"url": f"data:video/mp4;base64,{_base64(file)}", "fps": _asked(count, rate), "max_frames": count}
            return {"type": "video_url", "video_url": said}
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


def _family(model: str) -> str:
    """The family that a name tells; empty if it tells none.

    >>> _family("Qwen/Qwen3-VL-8B-Instruct"), _family("Qwen/Qwen2-VL-7B"), _family("mine")
    ('qwen3_vl', 'qwen2_vl', '')
    """
    if _OLDER.search(re.sub(r"[\s_]", "-", model.lower())):
        return "qwen2_vl"
    return family_of(f"openai_api:{model}") or ""


def _rate(times: Sequence[float]) -> float:
    """Frames a second of a file of these frames, of which SGLang takes all; raises NotTold if it would not."""
    if len(times) < LEAST or len(times) % 2:
        raise NotTold(f"SGLang takes an even number of frames, at least {LEAST}, and it has {len(times)}")
    steps = rates.steps(times)
    if steps.least > steps.most:
        raise NotTold("SGLang is sent a file of one rate from 0 s on, and its frames have no such rate")
    rate = motion_jpeg.rate_of(steps.rate)
    if any(abs(number / rate - time) > rates.CLOSE for number, time in enumerate(times)):
        raise NotTold("SGLang is sent a file of one rate, and a file does not have the rate of its frames")
    return rate


def _asked(count: int, rate: float) -> float:
    """The rate at which SGLang takes all `count` frames of a file of that rate: it rounds what it reckons down."""
    asked = math.ceil(rate * 1e6) / 1e6
    while count / rate * asked < count:
        asked += 1e-6
    return asked


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
