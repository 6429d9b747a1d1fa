"""A prompt as the tensors that a model's processor makes of it."""

import io
from typing import Any

from vtgdata.files.video_files import PICTURES
from vtgdata.plugins.models._transformers import native_video
from vtgdata.plugins.models._transformers.plain_text import PlainText
from vtgdata.records import Footage, Image, Message, Part


def prompt_inputs(
    processor: Any,
    messages: tuple[Message, ...],
    plain: PlainText | None = None,
    video: native_video.VideoFamily | None = None,
) -> dict[str, Any]:
    """The processor's tensors for one prompt, unpadded: those that the library itself makes of the chat.

    Args:
        processor: its chat template writes all special tokens, so none are added (see `templates.settle`).
        messages: of the chat, with JPEG bytes.
        plain: makes plain text of the model's control tokens inside the messages.
        video: how the model is told the times of a video, for messages that have one.

    Raises whatever the processor raises for this prompt; OSError for bytes that are not an image.
    """
    parts = [part for message in messages for part in message.parts]
    images = [_opened(part.jpeg) for part in parts if isinstance(part, Image)]
    footage = [part for part in parts if isinstance(part, Footage)]
    turns = chat(messages, plain, native_video.place(processor) if footage else None)
    text = processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    if plain is not None:
        plain.check(text)
    if footage and video is not None:
        shown = [[_opened(jpeg) for jpeg in each.jpegs] for each in footage]
        return native_video.inputs(processor, text, shown, [video.given(each.times) for each in footage])
    made = processor(text=[text], images=[images] if images else None, add_special_tokens=False, return_tensors="pt")
    return dict(made)


def _opened(jpeg: bytes) -> Any:
    from PIL import Image as Pillow

    return Pillow.open(io.BytesIO(jpeg), formats=PICTURES).convert("RGB")


def probe(processor: Any, *, as_before: bool = False) -> dict[str, Any]:
    """The tensors of a small prompt with two pictures; nothing if the processor cannot take it.

    `as_before`: as earlier versions of this package called the processor, by which some families saw each picture as a
    prompt of its own, or began a prompt twice. Where the two differ, stored answers are to other prompts.
    """
    from PIL import Image as Pillow

    pictures = [Pillow.new("RGB", (56, 42), (40, 120, 200)), Pillow.new("RGB", (42, 56), (200, 120, 40))]
    turns = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "When?"}, {"type": "image"}]}]
    try:
        text = processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
        if as_before:
            return dict(processor(text=[text], images=pictures, return_tensors="pt"))
        return dict(processor(text=[text], images=[pictures], add_special_tokens=False, return_tensors="pt"))
    except Exception:  # whatever it raises for a prompt is that prompt's row's
        return {}


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two prompts have equal tensors, or one could not be made."""
    import torch

    if not one or not other:
        return True
    return set(one) == set(other) and all(torch.equal(one[name], other[name]) for name in one)


def chat(
    messages: tuple[Message, ...], plain: PlainText | None = None, video: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """Messages in the form that chat templates expect: text parts, and placeholders for images and for a `video`."""

    def content(part: Part) -> dict[str, Any]:
        if isinstance(part, Footage):
            return dict(video or {"type": "video"})
        if isinstance(part, Image):
            return {"type": "image"}
        return {"type": "text", "text": plain.of(part) if plain else part.text}

    return [{"role": message.role, "content": [content(part) for part in message.parts]} for message in messages]
