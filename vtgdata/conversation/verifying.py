"""Verifiers: what the module of one has, asking for one by its spec, and what their files share.

A verifier is `verify(rows, sample, frames, **settings) -> list of reasons`: it gets rows of rollouts, all of one
sample, and says for each why it should not become a trace, or None. A reason is a code, then its number, then words,
each after a blank: `tiou_below_0.5 0.31`, `past_end 32 the video lasts 30 s`. Each of ours has an `EXAMPLE`, which the
contract test reads (`pytest tests/contracts/test_verifiers.py -k NAME`).
"""

import inspect
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any, NamedTuple

import msgspec

from vtgdata.conversation.answer import parse
from vtgdata.conversation.prompt import Prompt, load_prompt, read_prompt
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.schemas import ROLLOUTS, Row
from vtgdata.records import Frames, Sample, Video, Window
from vtgdata.records.windows import as_pairs, tiou

FrameReader = Callable[[Video], Frames]
"""Gives the frames of a video, from the frame store."""
Reasons = list[str | None]
"""One for each row: why it should not become a trace, or None."""


class Declared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the module of a verifier says about it, in variables of these names; each may be left out.

    Its `verify` takes `rows, sample, frames`, and settings by name alone, each with a default. Where it needs something
    that is made once for all samples, its module has `prepare(samples, **settings)`; `verify` gets the result as
    `prepared`, which is None where there are no other samples.
    """

    WHOLE: bool = False
    """It compares the rows of a sample with each other, so that it gets those too that have a reason already."""
    LOOKS: bool = False
    """It looks at videos: `frames` is a function from a Video to its Frames. Else it is None."""
    ASKS: bool = False
    """It goes by what another model says of an answer, which is in the row's `verdict`: `yes`, `no WHY` or `unclear`.
    The stage asks that model about the rows that have no other reason than `not_judged`. Its settings are `model`,
    `endpoint`, `prompt` and `verdicts`."""


class VerifierExample(msgspec.Struct, frozen=True, kw_only=True):
    """A verifier's own small test: invented answers to one sample, and what it says of each."""

    sample: Sample
    rows: tuple[Row, ...]
    """Made by `example_row`. Beside each fault stands its good twin, which differs in the fault alone."""
    reasons: tuple[str | None, ...]
    """The code of the reason of each row, or None."""
    settings: dict[str, Any] = {}
    """Where the defaults will not do."""
    pool: tuple[Sample, ...] = ()
    """For one that prepares: the samples that it gets."""


class Verifier(NamedTuple):
    """A verifier with its settings, as a user asked for it."""

    spec: str
    module: str
    verify: Callable[..., Reasons]
    settings: dict[str, Any]
    whole: bool = False
    looks: bool = False
    prepare: Callable[..., Any] | None = None
    asks: bool = False


def parse_verifier(spec: str) -> Verifier:
    """The verifier of a spec; its settings are checked by name and kind, and by the verifier itself on no rows at all.

    >>> parse_verifier("score:name=tiou,least=0.7").settings
    {'name': 'tiou', 'least': 0.7}
    """
    parsed = plugins.parse_spec(spec)
    if parsed.argument:
        raise VtgError(f"--verify {spec!r}: settings are written name:key=value,key=value.")
    module = plugins.load("verifiers", parsed.name)
    said = declared(module)
    if "prepared" in parsed.settings:
        raise VtgError(f"--verify {spec!r}: unknown setting 'prepared'.")
    plugins.check_settings(spec, module.verify, parsed.settings, given=3)
    found = Verifier(
        spec, plugins.module_name("verifiers", parsed.name), module.verify, parsed.settings, said.WHOLE, said.LOOKS,
        getattr(module, "prepare", None), said.ASKS,
    )  # fmt: skip
    try:
        module.verify([], example_sample(), None, **parsed.settings)
    except VtgError as error:
        raise VtgError(f"--verify {spec!r}: {error}") from error
    return found


def declared(module: ModuleType) -> Declared:
    """What a verifier's module says about it; raises VtgError where it says something else than `Declared` allows."""
    said = {name: getattr(module, name) for name in Declared.__struct_fields__ if hasattr(module, name)}
    if hasattr(module, "prepare") and "prepared" not in inspect.signature(module.verify).parameters:
        raise VtgError(f"{module.__name__} is no verifier: it has `prepare`, and its `verify` takes no `prepared`.")
    try:
        return msgspec.convert(said, Declared)
    except msgspec.ValidationError as error:
        raise VtgError(f"{module.__name__} is no verifier: {error}. WHOLE, LOOKS, ASKS: True or False.") from error


def reason(code: str, number: float | None = None, words: str = "") -> str:
    """A reason as text: its code, its number and words about it.

    >>> reason("past_end", 32.0, "the video lasts 30 s")
    'past_end 32 the video lasts 30 s'
    """
    return " ".join(part for part in (code, "" if number is None else f"{number:.4g}", words) if part)


class Parted(NamedTuple):
    """A reason in its parts."""

    code: str
    number: float | None
    words: str


def parted(text: str) -> Parted:
    """The parts of a reason.

    >>> parted("past_end 32 the video lasts 30 s")
    Parted(code='past_end', number=32.0, words='the video lasts 30 s')
    """
    code, _, rest = text.partition(" ")
    first, _, words = rest.partition(" ")
    try:
        return Parted(code, float(first), words)
    except ValueError:
        return Parted(code, None, rest)


def each(rows: Sequence[Row], why: Callable[[Row], str | None]) -> Reasons:
    """The reason of each row, judged by itself; a row without an answer has none here."""
    return [None if row["error"] else why(row) for row in rows]


def windows_of(row: Row) -> list[tuple[float, float]]:
    """The windows of an answer that are scored, as (start, end) in seconds."""
    if row["parse_status"] not in (None, "ok"):
        return []
    return [(float(start), float(end)) for start, end in row["windows"] or ()]


def prompt_of(row: Row) -> Prompt | None:
    """The prompt that a row answers: from its text where the row has it, else one of ours; None for an unknown one.

    Of ours the name decides where no hash matches: versions of a prompt ask for one form.
    """
    if text := row.get("prompt"):
        return _read(str(row["prompt_id"] or "prompt").rpartition("-")[0] or "prompt", text)
    return _ours(str(row["prompt_id"] or "").rpartition("-")[0])


@lru_cache(maxsize=64)
def _read(name: str, text: str) -> Prompt:
    return read_prompt(name, text, name)


@lru_cache(maxsize=64)
def _ours(name: str) -> Prompt | None:
    return load_prompt(name) if name in plugins.names("prompts") else None


def usual_prompt(kind: str = "ground") -> Prompt:
    """A prompt that asks in the usual form: `ground` for one moment, `ground_several`, `ground_qa`.

    It is what an answer to an unknown prompt is read by, and needs no plug-in.
    """
    answer, slots = _USUAL[kind]
    head = f'time: ".1f"\nunit: " s"\nanswer: {answer}\nreasoning: true'
    return _read(kind, f"---\n{head}\n---\n{{frames}}\n{{query}}{slots}\n")


_USUAL = {
    "ground": ('"<answer>{start} to {end}</answer>"', ""),
    "ground_several": ('"<answer>[({start}, {end}), ...]</answer>"', ""),
    "ground_qa": ("'\\boxed{{option}} <answer>{start} to {end}</answer>'", "\n{options}"),
}
"""The form of an answer, as a prompt's head writes it, and the slots besides frames and query."""


def reasoning_of(row: Row) -> str:
    """The reasoning of an answer; empty for one without any."""
    return str(row["reasoning"] or "").strip()


def example_sample(
    sample_id: str = "example",
    query: str = "a person opens a door",
    *,
    windows: Sequence[tuple[float, float]] = ((5.0, 10.0),),
    duration: float | None = 30.0,
    **more: Any,
) -> Sample:
    """A sample for a verifier's EXAMPLE; `more` are fields of Sample."""
    values: dict[str, Any] = {"corpus": "example", "split": "train"} | more
    return Sample(
        sample_id=sample_id,
        video=Video(video_id=sample_id, file=f"{sample_id}.mp4", duration=duration),
        query=query,
        windows=tuple(Window(start, end) for start, end in windows),
        **values,
    )


def example_row(text: str, sample: Sample, *, prompt: str = "ground", index: int = 0, **changes: Any) -> Row:
    """A row as the engine makes it of a text that answers a `usual_prompt`, or another of our prompts."""
    asked = usual_prompt(prompt) if prompt in _USUAL else load_prompt(prompt)
    answer = parse(text, duration=sample.video.duration, form=asked.form)
    iou = max((tiou(said, true) for said in answer.counted for true in sample.windows), default=0.0)
    row: Row = dict.fromkeys(ROLLOUTS) | {
        "key": f"{sample.sample_id}/{index}", "sample_id": sample.sample_id, "model_id": "example", "index": index,
        "prompt": asked.text, "prompt_id": asked.id, "sampling_id": "t1-p1-m512", "frames_id": "none",
        "frame_times": [0.0, 2.0, 4.0, 6.0, 8.0], "text": text, "reasoning": answer.reasoning,
        "windows": as_pairs(answer.windows), "option": answer.option, "parse_status": answer.parse_status,
        "strict_ok": answer.strict_ok, "iou": iou, "scores": [{"name": "tiou", "value": iou}],
        "finish_reason": "stop", "tokens_in": 10, "tokens_out": len(text.split()),
    }  # fmt: skip
    return row | changes
