"""Prompts and the one chat message that every model gets: frames as images, each preceded by its time as text."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, cast, get_args

import msgspec

from vtgdata.conversation.answer import Form, Notation, parse
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, limits, outside, plugins, yaml_text
from vtgdata.records import Footage, Image, Message, Part, Sample, Text, Window
from vtgdata.records.times import format_time
from vtgdata.records.windows import from_pairs

_SLOT = re.compile(r"\{(query|duration|frames|options|annotation|proposal|reasoning|said)\}")
Revealed = Literal["annotation", "proposal"]
"""What a prompt may tell beside the video and the query; a slot of that name holds it."""
PROPOSAL = "proposal"
"""The key in a sample's `extra` of the windows that a prompt proposes."""


JUDGED = "judged"
"""The key in a sample's `extra` of an answer that a prompt asks about: {"reasoning": text, "said": text}."""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The YAML head of a prompt file."""

    answer: str
    """The form of an answer, with `{start}` and `{end}`."""
    reasoning: bool = True
    """Whether the prompt asks for reasoning inside `<think>` first."""
    several: bool = False
    """Whether several windows are asked for; an answer form with `...` after a pair implies it."""
    answers_in: Notation = "seconds"
    """What a number in an answer is: seconds, or a share of the duration (`percent`, `fraction`, `thousandths`)."""
    absent: str = ""
    """What an answer says where the video has no such moment."""
    time: str = ".1f"
    """Format spec of a time in seconds."""
    unit: str = " s"
    system: str = ""
    """A system message."""
    reveals: list[Revealed] = []
    """What of the answer the prompt tells, in slots of the same names: its answers are no measure of a model."""
    teaches: str = ""
    """For one that reveals: the prompt under which its answers are learnt, since later nobody will tell."""
    shuffle: int | None = None
    """Seed by which options are put in another order for each sample; without it they stay as published."""


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt template: a Markdown file with a YAML head and slots."""

    name: str
    text: str
    """The whole file, head and body, which a release contains."""
    body: str
    time: str
    """Format spec of a time in seconds, as in `.1f`."""
    unit: str
    form: Form
    system: str = ""
    reveals: tuple[Revealed, ...] = ()
    teaches: str = ""
    shuffle: int | None = None

    @property
    def id(self) -> str:
        """Name and hash of the text."""
        return f"{self.name}-{fingerprint.short(self.text)[:8]}"


def load_prompt(name: str) -> Prompt:
    """A prompt by name, or from a path that ends in .md; raises VtgError when it has no valid head."""
    path = plugins.prompt_path(name)
    try:
        text = outside.read_text(path, limits.YAML)
    except UnicodeDecodeError as error:
        raise VtgError(f"{path}: not UTF-8 ({error.reason} at byte {error.start}).") from error
    if not re.fullmatch(r"[\w.-]+", path.stem, re.ASCII):
        raise VtgError(f"{path}: a prompt's name is letters, digits, _, - and dots: it goes into a release.")
    return read_prompt(path.stem, text, path)


def read_prompt(name: str, text: str, where: Path | str) -> Prompt:
    """A prompt from its text; `where` is the place that errors name."""
    parts = text.split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise VtgError(f"{where}: a prompt starts with a head between `---` lines.")
    try:
        head = msgspec.convert(yaml_text.parse(parts[1], f"{where}: the prompt's head"), Head)
    except msgspec.ValidationError as error:
        raise VtgError(f"{where}: the prompt's head: {str(error).splitlines()[0]}.") from error
    try:
        format_time(1.0, head.time, head.unit)
    except ValueError as error:
        raise VtgError(f"{where}: time: {head.time!r} is no format of a number, such as .1f.") from error
    if not ("{start}" in head.answer and "{end}" in head.answer) and "{option}" not in head.answer:
        raise VtgError(f"{where}: answer: {head.answer!r} has no {{start}} and {{end}}, nor {{option}}.")
    body = parts[2].strip("\n")
    if head.absent and not parse(head.absent).says_none:
        raise VtgError(f"{where}: absent: {head.absent!r} is not read as saying that there is no such moment.")
    slots = {*_SLOT.findall(body)}
    missing = [slot for slot in ("query", "frames", *head.reveals) if slot not in slots]
    if missing:
        raise VtgError(f"{where}: the prompt lacks the slot(s) {', '.join(f'{{{slot}}}' for slot in missing)}.")
    if untold := sorted(slots & {*get_args(Revealed)} - {*head.reveals}):
        raise VtgError(f"{where}: the prompt has the slot {{{untold[0]}}}: say `reveals: {untold}` in its head.")
    if bool(head.teaches) != bool(head.reveals):
        raise VtgError(f"{where}: `reveals` and `teaches` go together: who learns the answers is told nothing.")
    return Prompt(
        name=name,
        text=text,
        body=body,
        time=head.time,
        unit=head.unit,
        form=Form(
            template=head.answer,
            reasoning=head.reasoning,
            several=head.several,
            answers_in=head.answers_in,
            absent=head.absent,
        ),
        system=head.system,
        reveals=tuple(head.reveals),
        teaches=head.teaches,
        shuffle=head.shuffle,
    )


def render(
    prompt: Prompt, sample: Sample, times: tuple[float, ...], images: tuple[bytes, ...], *, as_video: bool = False
) -> tuple[Message, ...]:
    """The messages for one sample.

    Args:
        prompt: the template; query and options are inserted as data, never as a format string.
        sample: gives the query, the duration and the options.
        times: times of the frames, in seconds from the start of the video.
        images: JPEG bytes, one for each time.
        as_video: show the frames as one video, whose times the model's own processor tells it, instead of each as a
            picture after its time.
    """
    parts: list[Part] = []
    for i, piece in enumerate(_SLOT.split(prompt.body)):
        if i % 2 == 0:
            _add(parts, piece)
        elif piece == "frames" and as_video:
            parts.append(Footage(images, times))
        elif piece == "frames":
            for time, jpeg in zip(times, images, strict=True):
                _add(parts, format_time(time, prompt.time, prompt.unit))
                parts.append(Image(jpeg, time))
        else:
            _add(parts, _fill(piece, prompt, sample), data=piece != "duration")
    user = Message("user", tuple(parts))
    return (Message("system", (Text(prompt.system, ()),)), user) if prompt.system else (user,)


def _fill(slot: str, prompt: Prompt, sample: Sample) -> str:
    if slot == "query":
        return sample.query
    if slot == "options":
        return "\n".join(f"({chr(65 + i)}) {sample.options[own]}" for i, own in enumerate(option_order(prompt, sample)))
    if slot == "annotation":
        return spans(prompt, sample.windows)
    if slot == "proposal":
        return spans(prompt, from_pairs(sample.extra.get(PROPOSAL)))
    if slot in ("reasoning", "said"):
        judged = sample.extra.get(JUDGED)
        # In a prompt that is not a judge's these words are no slots.
        return str(cast("dict[str, Any]", judged).get(slot, "")) if isinstance(judged, dict) else f"{{{slot}}}"
    return "" if sample.video.duration is None else format_time(sample.video.duration, prompt.time, prompt.unit)


def spans(prompt: Prompt, windows: Sequence[Window]) -> str:
    """Windows as a prompt tells them: `5.0 s to 10.0 s and 20.0 s to 25.0 s`; `none` for none."""
    bounds = [[format_time(time, prompt.time, prompt.unit) for time in (w.start, w.end)] for w in windows]
    return " and ".join(f"{start} to {end}" for start, end in bounds) or "none"


def option_order(prompt: Prompt, sample: Sample) -> list[int]:
    """Which of a sample's options stands at each letter, as its place among them; the same for every answer."""
    order = list(range(len(sample.options)))
    if prompt.shuffle is not None:
        order.sort(key=lambda place: fingerprint.short([prompt.shuffle, sample.sample_id, place]))
    return order


def own_option(prompt: Prompt, sample: Sample, shown: str | None) -> str | None:
    """The sample's own letter of an option that was answered by the letter that the prompt showed."""
    order = option_order(prompt, sample)
    place = -1 if shown is None else ord(shown) - 65 if len(shown) == 1 else -1
    return chr(65 + order[place]) if prompt.shuffle is not None and 0 <= place < len(order) else shown


def shown_option(prompt: Prompt, sample: Sample, own: str | None) -> str | None:
    """The letter that the prompt shows for one of the sample's own: the way back of `own_option`."""
    order = option_order(prompt, sample)
    place = -1 if own is None else ord(own) - 65 if len(own) == 1 else -1
    return chr(65 + order.index(place)) if prompt.shuffle is not None and place in order else own


def _add(parts: list[Part], text: str, *, data: bool = False) -> None:
    """Append text, joined with text just before it, so that all servers and templates give the same tokens.

    `data`: whether they are the sample's own words.
    """
    if not text:
        return
    before = Text("", ())
    if parts and isinstance(last := parts[-1], Text):
        before = last
        parts.pop()
    words, spans = before.text + text, before.data or ()
    parts.append(Text(words, (*spans, (len(before.text), len(words))) if data else spans))
