"""A tiny CLIP of transformers that knows the colours of `support.coloured`: built from nothing, trained in a second."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from support.coloured import COLOURS

SIDE = 28
WORDS = ("the", "moment", "nothing", *COLOURS)
SHOWN = COLOURS | {"nothing": (110, 110, 110)}


def build(folder: Path, steps: int = 0, seed: int = 3) -> Path:
    """Save a model with its processor; untrained without steps, else trained by CLIP's own loss on plain pictures."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

    torch.manual_seed(seed)
    tower: dict[str, Any] = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    tower |= {"num_attention_heads": 2}
    said = tower | {"vocab_size": len(WORDS) + 4, "max_position_embeddings": 8}
    config = CLIPConfig(
        text_config=said | {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 3},
        vision_config=tower | {"image_size": SIDE, "patch_size": 14},
        projection_dim=8,
    )
    model = CLIPModel(config)
    size = {"shortest_edge": SIDE}
    pictures = CLIPImageProcessor(size=size, crop_size={"height": SIDE, "width": SIDE})
    processor = CLIPProcessor(image_processor=pictures, tokenizer=tokenizer())
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a network gains nothing from a second one
    _train(model, processor, steps)
    torch.set_num_threads(threads)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ("<pad>", "<start>", "<unknown>", "<end>")
    words = {word: number for number, word in enumerate((*special, *WORDS))}
    core = Tokenizer(models.WordLevel(words, unk_token="<unknown>"))
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    core.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", 1), ("<end>", 3)]
    )
    named = dict(zip(("pad_token", "bos_token", "unk_token", "eos_token"), special, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=core, model_max_length=8, **named)


def _train(model: Any, processor: Any, steps: int) -> None:
    import torch

    pictures = [Image.fromarray(np.full((SIDE, SIDE, 3), colour, np.uint8)) for colour in SHOWN.values()]
    inputs = processor(text=[f"the {name} moment" for name in SHOWN], images=pictures, return_tensors="pt")
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(steps):
        loss = model(**inputs, return_loss=True).loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.eval()


def picture(colour: tuple[int, int, int], side: int = 64) -> bytes:
    """A JPEG of one colour."""
    file = io.BytesIO()
    Image.fromarray(np.full((side, side, 3), colour, np.uint8)).save(file, "JPEG")
    return file.getvalue()
