"""Configurations of the published Qwen-VL models, as far as sizes go, so that a plan needs no network.

From the config.json of each model on the Hub; the sum of the weights of each is a test.
"""

from __future__ import annotations

import re
from typing import Any

_EYE_2_5 = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "patch_size": 14}
_EYE_3 = {"depth": 27, "hidden_size": 1152, "intermediate_size": 4304, "num_heads": 16, "patch_size": 16}
_EYE_3 |= {"deepstack_visual_indexes": [8, 16, 24], "num_position_embeddings": 2304}
_SMALL_EYE_3 = _EYE_3 | {"depth": 24, "hidden_size": 1024, "intermediate_size": 4096}
_SMALL_EYE_3 |= {"deepstack_visual_indexes": [5, 11, 17]}


def _text(
    hidden: int, layers: int, heads: int, kv_heads: int, intermediate: int, vocab: int, head_dim: int | None = None
) -> dict[str, Any]:
    return {
        "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": kv_heads, "intermediate_size": intermediate, "vocab_size": vocab,
        **({"head_dim": head_dim} if head_dim else {}),
    }  # fmt: skip


def _model(kind: str, text: dict[str, Any], vision: dict[str, Any], *, tied: bool) -> dict[str, Any]:
    out = "hidden_size" if kind == "qwen2_vl" else "out_hidden_size"
    eye = vision | {out: text["hidden_size"]}
    return {"model_type": kind, "text_config": text, "vision_config": eye, "tie_word_embeddings": tied}


_EYE_2 = {"depth": 32, "embed_dim": 1280, "mlp_ratio": 4, "num_heads": 16, "patch_size": 14}
MODELS: dict[str, dict[str, Any]] = {
    "Qwen2-VL-2B": _model("qwen2_vl", _text(1536, 28, 12, 2, 8960, 151936), _EYE_2, tied=True),
    "Qwen2-VL-7B": _model("qwen2_vl", _text(3584, 28, 28, 4, 18944, 152064), _EYE_2, tied=False),
    "Qwen2.5-VL-3B": _model("qwen2_5_vl", _text(2048, 36, 16, 2, 11008, 151936), _EYE_2_5, tied=True),
    "Qwen2.5-VL-7B": _model("qwen2_5_vl", _text(3584, 28, 28, 4, 18944, 152064), _EYE_2_5, tied=False),
    "Qwen2.5-VL-32B": _model(
        "qwen2_5_vl", _text(5120, 64, 40, 8, 27648, 152064), _EYE_2_5 | {"intermediate_size": 3456}, tied=False
    ),
    "Qwen3-VL-2B": _model("qwen3_vl", _text(2048, 28, 16, 8, 6144, 151936, 128), _SMALL_EYE_3, tied=True),
    "Qwen3-VL-4B": _model("qwen3_vl", _text(2560, 36, 32, 8, 9728, 151936, 128), _SMALL_EYE_3, tied=True),
    "Qwen3-VL-8B": _model("qwen3_vl", _text(4096, 36, 32, 8, 12288, 151936, 128), _EYE_3, tied=False),
    "Qwen3-VL-32B": _model("qwen3_vl", _text(5120, 64, 64, 8, 25600, 151936, 128), _EYE_3, tied=False),
}  # fmt: skip


def config(name: str) -> dict[str, Any] | None:
    """The configuration of a published model by its name on the Hub, `Qwen/Qwen3-VL-8B-Instruct`; else None."""
    found = re.match(r"Qwen/(Qwen[\d.]+-VL-\d+B)(-Instruct|-Thinking)?\Z", name)
    return MODELS.get(found[1]) if found else None
