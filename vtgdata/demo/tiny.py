"""A video-language model of 1.6 million parameters with the real Qwen3-VL classes, built from scratch.

No weights, tokenizer or processor files are fetched. A frame of 28 x 28 pixels becomes one token of the language
model; every time from 00.0 to 60.0 in steps of half a second is one token, and so is every word of the corpus.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from vtgdata.demo.scenes import COLOURS, SHAPES, SIDE

if TYPE_CHECKING:
    import torch

END = "<|im_end|>"
PADDING = "<|endoftext|>"
IMAGE = "<|image_pad|>"
SPECIAL = (PADDING, "<|im_start|>", END, "<|vision_start|>", "<|vision_end|>", IMAGE, "<|video_pad|>")
TAGS = ("<think>", "</think>", "<answer>", "</answer>")
PATTERN = r"[0-9]+\.[0-9]| to |; | ?[A-Za-z]+|\s|[0-9]|[^\sA-Za-z0-9]+"

# Images come as {"type": "image"} from the trainers and as {"type": "image_url"} from OpenAI-style clients.
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message['role'] + '\\n' -}}"
    "{%- if message['content'] is string -%}{{- message['content'] -}}"
    "{%- else -%}{%- for part in message['content'] -%}"
    "{%- if part['type'] in ['image', 'image_url'] -%}{{- '<|vision_start|><|image_pad|><|vision_end|>' -}}"
    "{%- elif part['type'] == 'text' -%}{{- part['text'] -}}"
    "{%- endif -%}{%- endfor -%}{%- endif -%}"
    "{{- '<|im_end|>' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
)


def build_tokenizer() -> Any:
    """A byte-level BPE tokenizer of about 470 tokens; it can write any text, and the corpus in few tokens."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder = decoders.ByteLevel()
    words = ["user", "assistant", "system", "When", ":", "?", " a", " yes", " no", " to ", "; ", "\n"]
    words += [f" {word}" for word in (*COLOURS, *SHAPES)]
    times = [f"{half / 2:04.1f}" for half in range(121)]
    trainer = trainers.BpeTrainer(
        vocab_size=1500,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    core.train_from_iterator([text for text in (*words, *times) for _ in range(2)], trainer)
    core.add_tokens([AddedToken(tag, special=False, normalized=False) for tag in TAGS])
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        eos_token=END,
        pad_token=PADDING,
        padding_side="left",
        model_max_length=4096,
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def build_processor(tokenizer: Any) -> Any:
    """The Qwen3-VL processor for images from 28 x 28 pixels up; its default enlarges such an image to four tokens."""
    from transformers import Qwen2VLImageProcessor, Qwen3VLProcessor, Qwen3VLVideoProcessor

    size = {"shortest_edge": SIDE * SIDE, "longest_edge": 64 * SIDE * SIDE}
    patches: dict[str, Any] = {"patch_size": 14, "merge_size": 2, "temporal_patch_size": 2, "size": size}
    return Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(**patches),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(**patches),
        chat_template=CHAT_TEMPLATE,
    )


def build_model(tokenizer: Any, seed: int) -> Any:
    """The untrained network, float32; the same seed gives the same weights on the same kind of CPU."""
    import torch
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

    def token(text: str) -> int:
        return tokenizer.convert_tokens_to_ids(text)

    config = Qwen3VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": 128,
            "intermediate_size": 384,
            "num_hidden_layers": 4,
            "num_attention_heads": 4,
            "num_key_value_heads": 4,
            "head_dim": 32,
            "max_position_embeddings": 4096,
            "rope_parameters": {
                "rope_type": "default",
                "mrope_section": [8, 4, 4],
                "mrope_interleaved": True,
                "rope_theta": 1e4,
            },
            "tie_word_embeddings": True,
            "pad_token_id": token(PADDING),
            "eos_token_id": token(END),
            "bos_token_id": None,
        },
        vision_config={
            "depth": 2,
            "hidden_size": 96,
            "intermediate_size": 192,
            "num_heads": 4,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "out_hidden_size": 128,
            "num_position_embeddings": 16,
            "deepstack_visual_indexes": [0],
        },
        image_token_id=token(IMAGE),
        video_token_id=token("<|video_pad|>"),
        vision_start_token_id=token("<|vision_start|>"),
        vision_end_token_id=token("<|vision_end|>"),
        tie_word_embeddings=True,
    )
    torch.manual_seed(seed)
    model = Qwen3VLForConditionalGeneration(config).float()
    # The library's 0.02 is far too small for a network this narrow: nothing is learnt for hundreds of steps.
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "embed" in name and weight.ndim == 2:
                weight.normal_(0.0, 0.05)
            elif weight.ndim >= 2:
                weight.normal_(0.0, min(0.1, 1.0 / math.sqrt(weight[0].numel())))
    set_generation(model, tokenizer)
    return model


def set_generation(model: Any, tokenizer: Any) -> None:
    """Make sampling at temperature 1 the model's default: servers read it from generation_config.json."""
    from transformers import GenerationConfig

    model.generation_config = GenerationConfig(
        do_sample=True,
        temperature=1.0,
        top_k=0,
        top_p=1.0,
        eos_token_id=tokenizer.convert_tokens_to_ids(END),
        pad_token_id=tokenizer.convert_tokens_to_ids(PADDING),
    )


def patches(images: torch.Tensor) -> torch.Tensor:
    """The image processor's output for frames, made much faster: (n, 28, 28, 3) uint8 to (4 n, 1176) float32."""
    import torch

    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073])
    deviation = torch.tensor([0.26862954, 0.26130258, 0.27577711])
    count = images.shape[0]
    values = (images.float() / 255 - mean) / deviation
    # (image, patch row, y, patch column, x, channel), then channel, time (twice the same frame), y, x per patch.
    values = values.view(count, 2, 14, 2, 14, 3).permute(0, 1, 3, 5, 2, 4)
    return values.unsqueeze(4).expand(-1, -1, -1, -1, 2, -1, -1).reshape(count * 4, 1176)
