"""A prompt as the tensors that a model's processor makes of it."""

import io
from typing import Any

from vtgdata.records import Image, Message


def prompt_inputs(processor: Any, messages: tuple[Message, ...]) -> dict[str, Any]:
    """The processor's tensors for one prompt, unpadded. Raises OSError for bytes that are not an image."""
    from PIL import Image as Pillow

    images = [
        Pillow.open(io.BytesIO(part.jpeg)).convert("RGB")
        for message in messages
        for part in message.parts
        if isinstance(part, Image)
    ]
    text = processor.apply_chat_template(chat(messages), add_generation_prompt=True, tokenize=False)
    return dict(processor(text=[text], images=images or None, return_tensors="pt"))


def chat(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    """Messages in the form that chat templates expect: text parts, and placeholders for images."""
    return [
        {
            "role": message.role,
            "content": [
                {"type": "image"} if isinstance(part, Image) else {"type": "text", "text": part.text}
                for part in message.parts
            ],
        }
        for message in messages
    ]
