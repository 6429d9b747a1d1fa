"""A prompt as the tensors that a model's processor makes of it."""

import io
from typing import Any

from vtgdata.plugins.models._transformers.plain_text import PlainText
from vtgdata.records import Image, Message


def prompt_inputs(processor: Any, messages: tuple[Message, ...], plain: PlainText | None = None) -> dict[str, Any]:
    """The processor's tensors for one prompt, unpadded: those that the library itself makes of the chat.

    Args:
        processor: its chat template writes all special tokens, so none are added (see `templates.settle`).
        messages: of the chat, with JPEG bytes.
        plain: makes plain text of the model's control tokens inside the messages.

    Raises whatever the processor raises for this prompt; OSError for bytes that are not an image.
    """
    from PIL import Image as Pillow

    images = [
        Pillow.open(io.BytesIO(part.jpeg)).convert("RGB")
        for message in messages
        for part in message.parts
        if isinstance(part, Image)
    ]
    turns = chat(messages, plain)
    text = processor.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
    if plain is not None:
        plain.check(text)
    made = processor(text=[text], images=[images] if images else None, add_special_tokens=False, return_tensors="pt")
    return dict(made)


def chat(messages: tuple[Message, ...], plain: PlainText | None = None) -> list[dict[str, Any]]:
    """Messages in the form that chat templates expect: text parts, and placeholders for images."""
    return [
        {
            "role": message.role,
            "content": [
                {"type": "image"}
                if isinstance(part, Image)
                else {"type": "text", "text": plain.of(part) if plain else part.text}
                for part in message.parts
            ],
        }
        for message in messages
    ]
