"""How large a model is, by its config.json alone: weights by part, and what activations and caches are counted with.

For the families of Qwen-VL the numbers are sums over the layers that transformers builds. Any other family is built
without memory for its weights (torch's `meta` device) and counted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.errors import VtgError
from vtgdata.files import outside
from vtgdata.train import published
from vtgdata.train.parts import part

Config = Mapping[str, Any]


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes of a vision-language model."""

    vision: int
    """Weights of the part that looks at pictures."""
    projector: int
    language: int
    """With the embedding and the head."""
    embedding: int
    head: int
    """0 where the head is the embedding."""
    layers: int
    """Of the language model, as are the next six."""
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    query_norm: bool = False
    """Whether queries and keys are normalised."""
    adapter: int
    """Weights of LoRA adapters of rank 1 on all linear layers of the language model."""
    vision_layers: int = 0
    """0 where the family's vision tower is not known in detail, as are the next two."""
    vision_hidden: int = 0
    vision_intermediate: int = 0
    vision_gated: bool = False
    """Whether its feed-forward layers are gated, and its norms those of the language model."""
    deepstack: int = 0
    """Further layers of the vision tower whose features the language model gets."""
    patch: int = 0
    """Side in pixels of a patch of the vision tower."""
    merge: int = 1
    """Patches along a side that make one token."""

    @property
    def parameters(self) -> int:
        """All weights."""
        return self.vision + self.projector + self.language

    @property
    def layer(self) -> int:
        """Weights of one layer of the language model."""
        return (self.language - self.embedding - self.head) // self.layers


def of_model(name: str) -> Sizes:
    """The sizes of a model by its folder, or by its name on the Hub.

    A name is looked up in the user's cache of the Hub, then among the published models that we know; nothing is
    fetched. Raises VtgError, saying what is missing, when neither has it.
    """
    config = config_of(name)
    found = of_config(config)
    if found is None:
        found = _counted(config, name)
    return found


def of_config(config: Config) -> Sizes | None:
    """The sizes that a config.json of Qwen2-VL, Qwen2.5-VL or Qwen3-VL gives; None for another family."""
    vision = _VISION.get(str(config.get("model_type")))
    if vision is None:
        return None
    third = config["model_type"] == "qwen3_vl"
    # Qwen2-VL's and Qwen2.5-VL's published files have the language model's fields at the top.
    text = config.get("text_config") or config
    tied = bool(config.get("tie_word_embeddings", text.get("tie_word_embeddings", False)))
    language = _language(text, tied, third)
    return Sizes(**vision(config["vision_config"]), **language)


def _language(text: Config, tied: bool, third: bool) -> dict[str, Any]:
    """Sizes of Qwen2's language model, or of Qwen3's: without biases, with norms of queries and keys."""
    hidden, inner, layers = text["hidden_size"], text["intermediate_size"], text["num_hidden_layers"]
    heads, vocab = text["num_attention_heads"], text["vocab_size"]
    kv = text.get("num_key_value_heads") or heads
    size = text.get("head_dim") or hidden // heads
    query, key = heads * size, kv * size
    attention = hidden * query + 2 * hidden * key + query * hidden
    extra = 2 * size if third else query + 2 * key
    layer = attention + extra + 3 * hidden * inner + 2 * hidden
    head = 0 if tied else vocab * hidden
    sides = (hidden + query) + 2 * (hidden + key) + (query + hidden) + 3 * (hidden + inner)
    return {
        "language": vocab * hidden + layers * layer + hidden + head,
        "embedding": vocab * hidden, "head": head, "layers": layers, "hidden": hidden, "intermediate": inner,
        "heads": heads, "kv_heads": kv, "head_dim": size, "vocab": vocab, "query_norm": third,
        "adapter": layers * sides,
    }  # fmt: skip


def _patches(vision: Config, side: int, hidden: int, bias: bool) -> int:
    channels = vision.get("in_channels") or vision.get("in_chans") or 3
    return channels * vision.get("temporal_patch_size", 2) * side * side * hidden + hidden * bias


def _qwen2(vision: Config) -> dict[str, Any]:
    hidden, out, depth = vision.get("embed_dim", 1280), vision.get("hidden_size", 3584), vision.get("depth", 32)
    inner, side = int(hidden * vision.get("mlp_ratio", 4)), vision.get("patch_size", 14)
    merge = vision.get("spatial_merge_size", 2)
    wide = hidden * merge**2
    block = 4 * hidden * hidden + 4 * hidden + 2 * hidden * inner + inner + hidden + 4 * hidden
    return {
        "vision": _patches(vision, side, hidden, bias=False) + depth * block,
        "projector": 2 * hidden + wide * wide + wide + wide * out + out,
        "vision_layers": depth, "vision_hidden": hidden, "vision_intermediate": inner, "patch": side, "merge": merge,
    }  # fmt: skip


def _qwen2_5(vision: Config) -> dict[str, Any]:
    hidden, out, depth = vision.get("hidden_size", 1280), vision.get("out_hidden_size", 3584), vision.get("depth", 32)
    inner, side, merge = (
        vision.get(name, default)
        for name, default in (("intermediate_size", 3420), ("patch_size", 14), ("spatial_merge_size", 2))
    )
    wide = hidden * merge**2
    block = 4 * hidden * hidden + 4 * hidden + 3 * hidden * inner + 2 * inner + hidden + 2 * hidden
    return {
        "vision": _patches(vision, side, hidden, bias=False) + depth * block,
        "projector": hidden + wide * wide + wide + wide * out + out,
        "vision_layers": depth, "vision_hidden": hidden, "vision_intermediate": inner, "vision_gated": True,
        "patch": side, "merge": merge,
    }  # fmt: skip


def _qwen3(vision: Config) -> dict[str, Any]:
    hidden, inner, depth = (
        vision.get(name, default)
        for name, default in (("hidden_size", 1152), ("intermediate_size", 4304), ("depth", 27))
    )
    out, side, merge = (
        vision.get("out_hidden_size", 3584),
        vision.get("patch_size", 16),
        vision.get("spatial_merge_size", 2),
    )
    places, deep = vision.get("num_position_embeddings", 2304), len(vision.get("deepstack_visual_indexes", (8, 16, 24)))
    wide = hidden * merge**2
    block = 4 * hidden * hidden + 4 * hidden + 2 * hidden * inner + inner + hidden + 4 * hidden
    merger = wide * wide + wide + wide * out + out
    return {
        "vision": _patches(vision, side, hidden, bias=True) + places * hidden + depth * block,
        "projector": (1 + deep) * merger + 2 * hidden + deep * 2 * wide,
        "vision_layers": depth, "vision_hidden": hidden, "vision_intermediate": inner, "deepstack": deep,
        "patch": side, "merge": merge,
    }  # fmt: skip


_VISION = {"qwen2_vl": _qwen2, "qwen2_5_vl": _qwen2_5, "qwen3_vl": _qwen3}


def config_of(name: str) -> Config:
    """The config.json of a model, or of the model that an adapter is for; see `of_model`."""
    folder = Path(name)
    if folder.is_dir():
        if outside.is_file(adapter := folder / "adapter_config.json") and not outside.is_file(folder / "config.json"):
            return config_of(str(_read(adapter).get("base_model_name_or_path")))
        return _read(folder / "config.json")
    if cached := _cached(name):
        return _read(Path(cached))
    if (known := published.config(name)) is not None:
        return known
    fetch = f"huggingface-cli download {name} config.json"
    hint = f"`{fetch}` fetches the one file that is needed" if name.count("/") == 1 else "name a model's folder"
    raise VtgError(f"{name}: its config.json is not here; {hint}.")


def _cached(name: str) -> str:
    """The config.json of a model in the user's cache of the Hub; empty if it is not there."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = try_to_load_from_cache(name, "config.json")
    except HFValidationError:
        return ""
    return found if isinstance(found, str) else ""


def _read(path: Path) -> Config:
    try:
        found = json.loads(outside.read_text(path))
    except (OSError, ValueError) as error:
        raise VtgError(f"{path}: cannot be read ({error}); a model's folder has one.") from error
    if not isinstance(found, dict):
        raise VtgError(f"{path}: is no JSON object.")
    return found


def _counted(config: Config, name: str) -> Sizes:
    """The sizes of a model of any family that transformers builds, without memory for its weights."""
    try:
        import torch
        from transformers import AutoConfig, AutoModelForImageTextToText
    except ImportError as error:
        raise VtgError(
            f"{name}: of the family {config.get('model_type')}, which only transformers can count: "
            "pip install 'vtgdata[train]'"
        ) from error
    try:
        built = AutoConfig.for_model(**config)
        with torch.device("meta"):
            model = AutoModelForImageTextToText.from_config(built)
    except Exception as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise VtgError(
            f"{name}: its config.json gives no model of pictures and text. transformers says: {first}"
        ) from error
    counts: dict[str, Any] = {"vision": 0, "projector": 0, "language": 0}
    for path, weight in model.named_parameters():
        counts[part(path)] += weight.numel()
    text: Any = built.get_text_config()
    heads = text.num_attention_heads
    embedding = model.get_input_embeddings().weight.numel()
    head: Any = model.get_output_embeddings()
    apart = head is not None and head.weight is not model.get_input_embeddings().weight
    linear = [
        module
        for path, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and part(path) == "language" and module is not head
    ]
    return Sizes(
        **counts,
        embedding=embedding,
        head=head.weight.numel() if head is not None and apart else 0,
        layers=text.num_hidden_layers,
        hidden=text.hidden_size,
        intermediate=text.intermediate_size,
        heads=heads,
        kv_heads=getattr(text, "num_key_value_heads", None) or heads,
        head_dim=getattr(text, "head_dim", None) or text.hidden_size // heads,
        vocab=text.vocab_size,
        adapter=sum(module.in_features + module.out_features for module in linear),
    )
