"""Tiny, randomly drawn models of thirteen families for pictures and text, with their processors; nothing is fetched.

`build("gemma3", folder)` saves one as `save_pretrained` does. Their chat templates are short forms of the published
ones: they write the same control tokens in the same places.
"""

import importlib.machinery
import importlib.util
import math
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

SIDE = 28
"""Pixels of a frame's side: one or two patches."""
SIZES = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "max_position_embeddings": 8192,
}  # fmt: skip
EYE = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": SIDE,
    "patch_size": 14,
}  # fmt: skip
PIXELS = {"shortest_edge": SIDE * SIDE, "longest_edge": 64 * SIDE * SIDE}
SQUARE = {"height": SIDE, "width": SIDE}
QWEN = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>")
CHATML = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
SMOL = ("<end_of_utterance>", "<fake_token_around_image>", "<image>", "<global-img>", "<video>", "<row_1_col_1>")

Pair = tuple[Any, Any]
"""A model and its processor."""


def template(
    picture: str, *, before: str = "", turn: str = "", ends: str = "", asks: str = "", answerer: str = "assistant"
) -> str:
    """A chat template.

    Args:
        picture: what it writes for a picture.
        before: what begins the text.
        turn: what begins a turn; `ROLE` stands for the role.
        ends: what ends a turn.
        asks: what begins the answer.
        answerer: the role that answers, as the text names it.
    """
    role = f"({answerer!r} if m['role'] == 'assistant' else m['role'])"
    head = "{{ " + repr(turn).replace("ROLE", f"' ~ {role} ~ '") + " }}"
    return (
        f"{before}{{%- for m in messages -%}}{head}{{%- if m['content'] is string -%}}{{{{ m['content'] }}}}"
        "{%- else -%}{%- for p in m['content'] -%}{%- if p['type'] == 'image' -%}{{ " + repr(picture) + " }}"
        "{%- elif p['type'] == 'text' -%}{{ p['text'] }}{%- endif -%}{%- endfor -%}{%- endif -%}"
        "{{ " + repr(ends) + " }}{%- endfor -%}{%- if add_generation_prompt -%}{{ " + repr(asks) + " }}{%- endif -%}"
    )


def chatml(picture: str, before: str = "") -> str:
    return template(
        picture, before=before, turn="<|im_start|>ROLE\n", ends="<|im_end|>\n", asks="<|im_start|>assistant\n"
    )


def smol_chat() -> str:
    return template("<image>", before="<|im_start|>", turn="ROLE:", ends="<end_of_utterance>\n", asks="assistant:")


def tokenizer(special: Sequence[str], *, chat: str, end: str, pad: str | None, bos: str = "", named: Any = None) -> Any:
    """A byte-level tokenizer with these control tokens; with `bos` it puts that before each text, as Llama's does."""
    import tokenizers as kit
    from transformers import PreTrainedTokenizerFast

    core = kit.Tokenizer(kit.models.BPE())
    core.pre_tokenizer = kit.pre_tokenizers.Sequence(
        [kit.pre_tokenizers.Digits(individual_digits=True), kit.pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    core.decoder = kit.decoders.ByteLevel()
    alphabet = kit.pre_tokenizers.ByteLevel.alphabet()
    trainer = kit.trainers.BpeTrainer(
        vocab_size=400, special_tokens=list(special), initial_alphabet=alphabet, show_progress=False
    )
    core.train_from_iterator(["When does this happen in the video? from to answer think user assistant"] * 2, trainer)
    tags = ("<think>", "</think>", "<answer>", "</answer>")
    core.add_tokens([kit.AddedToken(tag, special=False, normalized=False) for tag in tags])
    if bos:
        core.post_processor = kit.processors.TemplateProcessing(
            single=f"{bos} $A", pair=f"{bos} $A {bos} $B", special_tokens=[(bos, core.token_to_id(bos))]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=core, eos_token=end, pad_token=pad, bos_token=bos or None, padding_side="left",
        model_max_length=8192, chat_template=chat, clean_up_tokenization_spaces=False,
        **({"extra_special_tokens": named} if named else {}),
    )  # fmt: skip


def _rope(sections: Sequence[int], **more: Any) -> dict[str, Any]:
    return {"rope_type": "default", "mrope_section": list(sections), "rope_theta": 1e4, **more}


def _qwen_tokens(words: Any) -> dict[str, int]:
    names = {"image_token_id": "<|image_pad|>", "video_token_id": "<|video_pad|>"}
    names |= {"vision_start_token_id": "<|vision_start|>", "vision_end_token_id": "<|vision_end|>"}
    return {name: words.convert_tokens_to_ids(token) for name, token in names.items()}


def _qwen_words(picture: str = "<|vision_start|><|image_pad|><|vision_end|>") -> tuple[Any, str]:
    chat = chatml(picture)
    return tokenizer((*QWEN, "<|video_pad|>"), chat=chat, end="<|im_end|>", pad="<|endoftext|>"), chat


def qwen2_vl() -> Pair:
    import transformers as t

    words, chat = _qwen_words()
    config = t.Qwen2VLConfig(
        text_config={"vocab_size": len(words), "rope_parameters": _rope((8, 4, 4)), **SIZES},
        vision_config={"depth": 2, "embed_dim": 32, "hidden_size": 64, "num_heads": 2, "mlp_ratio": 2},
        **_qwen_tokens(words),
    )
    pictures, videos = t.Qwen2VLImageProcessor(size=PIXELS), t.Qwen2VLVideoProcessor(size=PIXELS)
    return t.Qwen2VLForConditionalGeneration(config), t.Qwen2VLProcessor(pictures, words, videos, chat_template=chat)


def qwen2_5_vl() -> Pair:
    import transformers as t

    words, chat = _qwen_words()
    eye = {"depth": 2, "hidden_size": 32, "intermediate_size": 64, "out_hidden_size": 64, "num_heads": 2}
    config = t.Qwen2_5_VLConfig(
        text_config={"vocab_size": len(words), "rope_parameters": _rope((8, 4, 4)), **SIZES},
        vision_config={**eye, "fullatt_block_indexes": [1], "window_size": 56},
        **_qwen_tokens(words),
    )
    pictures, videos = t.Qwen2VLImageProcessor(size=PIXELS), t.Qwen2VLVideoProcessor(size=PIXELS)
    made = t.Qwen2_5_VLProcessor(pictures, words, videos, chat_template=chat)
    return t.Qwen2_5_VLForConditionalGeneration(config), made


def qwen3_vl() -> Pair:
    from vtgdata.demo import tiny

    words = tiny.build_tokenizer()
    return tiny.build_model(words, 7), tiny.build_processor(words)


def qwen3_5() -> Pair:
    import transformers as t

    words, chat = _qwen_words()
    linear = {"linear_key_head_dim": 16, "linear_value_head_dim": 16, "linear_num_key_heads": 2}
    patch = {"patch_size": 14, "merge_size": 2, "temporal_patch_size": 2, "size": PIXELS}
    config = t.Qwen3_5Config(
        text_config={
            "vocab_size": len(words), "head_dim": 32, "linear_num_value_heads": 2,
            "layer_types": ["linear_attention", "full_attention"],
            "rope_parameters": _rope((2, 1, 1), mrope_interleaved=True, partial_rotary_factor=0.25),
            **linear, **SIZES,
        },
        vision_config={
            "depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "patch_size": 14,
            "out_hidden_size": 64, "num_position_embeddings": 16,
        },
        **_qwen_tokens(words),
    )  # fmt: skip
    pictures, videos = t.Qwen2VLImageProcessor(**patch), t.Qwen3VLVideoProcessor(**patch)
    return t.Qwen3_5ForConditionalGeneration(config), t.Qwen3VLProcessor(pictures, words, videos, chat_template=chat)


def internvl() -> Pair:
    import transformers as t

    chat = chatml("<IMG_CONTEXT>\n")
    names = {"start_image_token": "<img>", "end_image_token": "</img>", "context_image_token": "<IMG_CONTEXT>"}
    names |= {"video_token": "<video>"}
    words = tokenizer((*CHATML, *names.values()), chat=chat, end="<|im_end|>", pad="<|endoftext|>", named=names)
    config = t.InternVLConfig(
        vision_config={**EYE, "image_size": [SIDE, SIDE], "patch_size": [14, 14]},
        text_config={"model_type": "qwen2", "vocab_size": len(words), **SIZES},
        image_token_id=words.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=1,
        downsample_ratio=0.5,
    )
    pictures = t.GotOcr2ImageProcessor(size=SQUARE, crop_to_patches=False, min_patches=1, max_patches=12)
    videos = t.InternVLVideoProcessor(size=SQUARE)
    made = t.InternVLProcessor(pictures, words, videos, image_seq_length=1, chat_template=chat)
    return t.InternVLForConditionalGeneration(config), made


def llava_onevision() -> Pair:
    import transformers as t

    chat, grid = chatml("<image>\n"), [[28, 28], [28, 56], [56, 28], [56, 56]]
    words = tokenizer((*CHATML, "<image>", "<video>"), chat=chat, end="<|im_end|>", pad="<|endoftext|>")
    config = t.LlavaOnevisionConfig(
        vision_config={"model_type": "siglip_vision_model", "vision_use_head": False, **EYE},
        text_config={"model_type": "qwen2", "vocab_size": len(words), **SIZES},
        image_token_index=words.convert_tokens_to_ids("<image>"),
        video_token_index=words.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=grid,
    )
    made = t.LlavaOnevisionProcessor(
        t.LlavaOnevisionImageProcessor(size=SQUARE, image_grid_pinpoints=grid),
        words,
        t.LlavaOnevisionVideoProcessor(size=SQUARE),
        num_image_tokens=4,
        vision_feature_select_strategy="full",
        chat_template=chat,
    )
    return t.LlavaOnevisionForConditionalGeneration(config), made


def llava_nopad() -> Pair:
    """Its tokenizer, as Llama's, has no padding token, and puts a `<s>` before a text that the template lacks."""
    import transformers as t

    chat = chatml("<image>\n")
    words = tokenizer((*CHATML, "<image>", "<s>"), chat=chat, end="<|im_end|>", pad=None, bos="<s>")
    config = t.LlavaConfig(
        vision_config={"model_type": "clip_vision_model", "projection_dim": 32, **EYE, "num_hidden_layers": 3},
        text_config={"model_type": "llama", "vocab_size": len(words), **SIZES},
        image_token_index=words.convert_tokens_to_ids("<image>"),
        image_seq_length=4,
    )
    made = t.LlavaProcessor(
        t.CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=SQUARE),
        words,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=chat,
    )
    return t.LlavaForConditionalGeneration(config), made


def _smol_words(named: dict[str, str] | None = None) -> Any:
    words = tokenizer((*CHATML, *SMOL), chat=smol_chat(), end="<end_of_utterance>", pad="<|im_end|>", named=named)
    words.bos_token = "<|im_start|>"
    return words


def _smol_config(words: Any) -> dict[str, Any]:
    text = {"model_type": "llama", "vocab_size": len(words), "pad_token_id": words.pad_token_id, **SIZES}
    image = words.convert_tokens_to_ids("<image>")
    return {"vision_config": dict(EYE), "text_config": text, "image_token_id": image, "scale_factor": 2}


def smolvlm() -> Pair:
    stand_in("num2words")
    import transformers as t

    words, edge = _smol_words(), {"longest_edge": SIDE}
    made = t.SmolVLMProcessor(
        t.SmolVLMImageProcessor(size=edge, max_image_size=edge, do_image_splitting=False),
        words,
        t.SmolVLMVideoProcessor(size=edge, max_image_size=edge),
        image_seq_len=1,
        chat_template=smol_chat(),
    )
    return t.SmolVLMForConditionalGeneration(t.SmolVLMConfig(**_smol_config(words))), made


def idefics3() -> Pair:
    import transformers as t

    names = {"image_token": "<image>", "fake_image_token": "<fake_token_around_image>"}
    names |= {"end_of_utterance_token": "<end_of_utterance>", "global_image_token": "<global-img>"}
    words, edge = _smol_words(names), {"longest_edge": SIDE}
    pictures = t.Idefics3ImageProcessor(size=edge, max_image_size=edge, do_image_splitting=False)
    config = t.Idefics3Config(**_smol_config(words), pad_token_id=words.pad_token_id)
    made = t.Idefics3Processor(pictures, words, image_seq_len=1, chat_template=smol_chat())
    return t.Idefics3ForConditionalGeneration(config), made


def gemma3() -> Pair:
    """Its template writes the `<bos>` that its tokenizer would add again."""
    import transformers as t

    chat = template(
        "<start_of_image>", before="{{ bos_token }}", turn="<start_of_turn>ROLE\n", ends="<end_of_turn>\n",
        asks="<start_of_turn>model\n", answerer="model",
    )  # fmt: skip
    names = {"image_token": "<image_soft_token>", "boi_token": "<start_of_image>", "eoi_token": "<end_of_image>"}
    special = ("<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>", *names.values())
    words = tokenizer(special, chat=chat, end="<eos>", pad="<pad>", bos="<bos>", named=names)
    ids = words.convert_tokens_to_ids
    ends = {"pad_token_id": ids("<pad>"), "eos_token_id": ids("<eos>"), "bos_token_id": ids("<bos>")}
    config = t.Gemma3Config(
        text_config={"vocab_size": len(words), "head_dim": 32, "sliding_window": 512, **ends, **SIZES},
        vision_config={"vision_use_head": False, **EYE},
        mm_tokens_per_image=4,
        boi_token_index=ids("<start_of_image>"),
        eoi_token_index=ids("<end_of_image>"),
        image_token_index=ids("<image_soft_token>"),
    )
    made = t.Gemma3Processor(t.Gemma3ImageProcessor(size=SQUARE), words, image_seq_length=4, chat_template=chat)
    return t.Gemma3ForConditionalGeneration(config), made


def glm4v() -> Pair:
    import transformers as t

    chat = template(
        "<|begin_of_image|><|image|><|end_of_image|>", before="[gMASK]<sop>", turn="<|ROLE|>\n", asks="<|assistant|>\n"
    )
    roles = ("<|user|>", "<|assistant|>", "<|system|>")
    seen = tuple(f"<|{way}_of_{what}|>" for what in ("image", "video") for way in ("begin", "end"))
    special = ("<|endoftext|>", "[gMASK]", "<sop>", *roles, "<|image|>", "<|video|>", *seen)
    words = tokenizer(special, chat=chat, end="<|endoftext|>", pad="<|endoftext|>")
    ids = words.convert_tokens_to_ids
    config = t.Glm4vConfig(
        text_config={
            "vocab_size": len(words), "rope_parameters": _rope((8, 4, 4), partial_rotary_factor=1.0), **SIZES,
        },
        vision_config={
            "depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "patch_size": 14, "image_size": 56,
            "out_hidden_size": 64,
        },
        image_token_id=ids("<|image|>"), video_token_id=ids("<|video|>"),
        image_start_token_id=ids("<|begin_of_image|>"), image_end_token_id=ids("<|end_of_image|>"),
        video_start_token_id=ids("<|begin_of_video|>"), video_end_token_id=ids("<|end_of_video|>"),
    )  # fmt: skip
    pictures, videos = t.Glm4vImageProcessor(size=PIXELS), t.Glm4vVideoProcessor(size=PIXELS)
    return t.Glm4vForConditionalGeneration(config), t.Glm4vProcessor(pictures, words, videos, chat_template=chat)


def lfm2_vl() -> Pair:
    import transformers as t

    chat = chatml("<image>", "{{ bos_token }}")
    seen = ("<image>", "<|image_start|>", "<|image_end|>", "<|img_thumbnail|>")
    special = ("<|pad|>", "<|startoftext|>", *CHATML, *seen)
    words = tokenizer(special, chat=chat, end="<|im_end|>", pad="<|pad|>", bos="<|startoftext|>")
    config = t.Lfm2VlConfig(
        vision_config={
            "model_type": "siglip2_vision_model", "num_patches": 16, "vision_use_head": False,
            **{name: size for name, size in EYE.items() if name != "image_size"},
        },
        text_config={
            "model_type": "lfm2", "vocab_size": len(words), "layer_types": ["conv", "full_attention"],
            "block_auto_adjust_ff_dim": False, **SIZES,
        },
        image_token_id=words.convert_tokens_to_ids("<image>"), downsample_factor=2, projector_hidden_size=64,
    )  # fmt: skip
    pictures = t.Lfm2VlImageProcessor(
        encoder_patch_size=14, downsample_factor=2, tile_size=56, min_image_tokens=1, max_image_tokens=4,
        do_image_splitting=False, max_num_patches=64,
    )  # fmt: skip
    return t.Lfm2VlForConditionalGeneration(config), t.Lfm2VlProcessor(pictures, words, chat_template=chat)


def video_llama_3() -> Pair:
    import transformers as t

    words, chat = _qwen_words("<|image_pad|>\n")
    ids, size = _qwen_tokens(words), {**PIXELS, "shortest_edge": 196}
    config = t.VideoLlama3Config(
        text_config={"model_type": "qwen2", "vocab_size": len(words), **SIZES},
        vision_config={name: value for name, value in EYE.items() if name != "image_size"},
        image_token_id=ids["image_token_id"],
        video_token_id=ids["video_token_id"],
    )
    pictures, videos = t.VideoLlama3ImageProcessor(size=size), t.VideoLlama3VideoProcessor(size=size)
    made = t.VideoLlama3Processor(pictures, words, videos, chat_template=chat)
    return t.VideoLlama3ForConditionalGeneration(config), made


FAMILIES: dict[str, Callable[[], Pair]] = {
    made.__name__: made
    for made in (
        qwen2_vl, qwen2_5_vl, qwen3_vl, qwen3_5, internvl, llava_onevision, llava_nopad, smolvlm, idefics3, gemma3,
        glm4v, lfm2_vl, video_llama_3,
    )
}  # fmt: skip


def build(name: str, folder: Path) -> Path:
    """Save a model of a family; the same name gives the same weights."""
    import torch
    import transformers as t

    torch.manual_seed(0)
    model, processor = FAMILIES[name]()
    words = processor.tokenizer
    with torch.no_grad():
        # The library's 0.02 leaves so narrow a model without any preference among its tokens.
        for weight in model.parameters():
            if weight.ndim >= 2:
                weight.normal_(0, min(0.1, 1 / math.sqrt(weight[0].numel())))
    ends = {"eos_token_id": words.eos_token_id, "pad_token_id": words.pad_token_id, "bos_token_id": words.bos_token_id}
    model.generation_config = t.GenerationConfig(**ends)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def stand_in(package: str) -> None:
    """Put an empty package in the place of one that is not installed, which a processor wants and here never uses."""
    if importlib.util.find_spec(package) is None:
        module = types.ModuleType(package)
        module.__spec__ = importlib.machinery.ModuleSpec(package, None)
        setattr(module, package, str)
        sys.modules[package] = module
