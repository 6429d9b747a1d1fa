"""Chat templates: whether a folder has one that takes pictures, and how it begins a prompt and an answer."""

from typing import Any

from vtgdata.conversation.answer_text import opening_of

_WORDS = "a red ball rolls"
_COPY = "take the instruct model, or copy chat_template.jinja from the base model"


def fault(processor: Any) -> str:
    """Why prompts with pictures cannot be made with a processor's chat template, in words; empty if they can."""
    if not getattr(processor, "chat_template", None):
        return f"has no chat template: {_COPY}"
    try:
        said, seen = _rendered(processor, 1), _rendered(processor, 2)
    except TypeError:
        return f"has a chat template for plain strings only, which takes no pictures: {_COPY}"
    except Exception as error:  # jinja2's own, and whatever a template raises by `raise_exception`
        return f"has a chat template that cannot be filled in ({_first_line(error)}): {_COPY}"
    if _WORDS not in said or "'type'" in said:
        return f"has a chat template for plain strings only, which takes no pictures: {_COPY}"
    if len(said) >= len(seen):
        return f"has a chat template without a place for pictures: {_COPY}"
    return ""


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _rendered(processor: Any, pictures: int, *, prompt: bool = True) -> str:
    """The text of a chat with one question and some pictures; `prompt`: with the beginning of the answer."""
    parts = [{"type": "text", "text": _WORDS}, *[{"type": "image"}] * pictures]
    chat = [{"role": "user", "content": parts}]
    return processor.apply_chat_template(chat, add_generation_prompt=prompt, tokenize=False)


def adopt(processor: Any) -> None:
    """Let the processor use the tokenizer's chat template if it has none of its own, as servers do."""
    if not getattr(processor, "chat_template", None) and getattr(processor.tokenizer, "chat_template", None):
        processor.chat_template = processor.tokenizer.chat_template


def settle(processor: Any) -> None:
    """Let one text be one prompt for everybody: the library, TRL's trainers and this package.

    The library adds a begin-of-text token to a text that does not begin with it, if the tokenizer says so; TRL never
    adds one. So the template writes it, once, and nobody adds any. A tokenizer without a padding token pads with its
    end token, as TRL's trainers do.
    """
    tokenizer = processor.tokenizer
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    bos, template = tokenizer.bos_token, processor.chat_template
    if bos is None:
        return
    adds = tokenizer("a")["input_ids"][:1] == [tokenizer.bos_token_id]
    if adds and not _rendered(processor, 1).startswith(bos):
        write = "{{ bos_token }}"
        processor.chat_template = (
            write + template if isinstance(template, str) else template | {"default": write + template["default"]}
        )


def opening(processor: Any) -> str:
    """What a chat template writes of the answer's reasoning: `<think>` and blanks, or nothing.

    A model then goes on inside the reasoning and writes the closing mark alone.
    """
    whole, before = _rendered(processor, 1), _rendered(processor, 1, prompt=False)
    return opening_of(whole.removeprefix(before) if whole.startswith(before) else whole.rpartition(_WORDS)[2])
