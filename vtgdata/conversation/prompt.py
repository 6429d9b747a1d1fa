"""Prompts and the one chat message that every model gets: frames as images, each preceded by its time as text."""

import re
from pathlib import Path

import msgspec

from vtgdata.conversation.answer import Form, Notation, parse
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, limits, outside, plugins, yaml_text
from vtgdata.records import Image, Message, Part, Sample, Text
from vtgdata.records.times import format_time

_SLOT = re.compile(r"\{(query|duration|frames|options)\}")


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
    missing = [slot for slot in ("query", "frames") if f"{{{slot}}}" not in body]
    if missing:
        raise VtgError(f"{where}: the prompt lacks the slot(s) {', '.join(f'{{{slot}}}' for slot in missing)}.")
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
    )


def render(prompt: Prompt, sample: Sample, times: tuple[float, ...], images: tuple[bytes, ...]) -> tuple[Message, ...]:
    """The messages for one sample.

    Args:
        prompt: the template; query and options are inserted as data, never as a format string.
        sample: gives the query, the duration and the options.
        times: times of the frames, in seconds from the start of the video.
        images: JPEG bytes, one for each time.
    """
    parts: list[Part] = []
    for i, piece in enumerate(_SLOT.split(prompt.body)):
        if i % 2 == 0:
            _add(parts, piece)
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
        return "\n".join(f"({chr(65 + i)}) {option}" for i, option in enumerate(sample.options))
    return "" if sample.video.duration is None else format_time(sample.video.duration, prompt.time, prompt.unit)


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
