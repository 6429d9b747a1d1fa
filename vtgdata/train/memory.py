"""How much memory a training step takes on each GPU, part by part: arithmetic on a model's sizes, without a model.

The persistent parts are weights, gradients and the optimiser's state, shared out by FSDP2 and ZeRO (Rajbhandari et al.,
ZeRO, SC 2020). Activations are the tensors that autograd keeps of one layer, counted in the layers as transformers
writes them, with fused attention (no square of the length); with gradient checkpointing only each layer's input stays,
and one layer is computed again. TRL computes logits in tiles of 4,096 tokens by 32,768 words. All numbers are bytes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from vtgdata.train.sizes import Sizes

Sharding = Literal["", "fsdp2", "zero2", "zero3"]
TILE = (4096, 32_768)
"""Tokens and words of the logits that TRL computes at once."""
LIBRARIES = 1.5e9
"""Set aside for CUDA, its libraries and what the allocator cannot use; an allowance, not computed."""
NF4 = 0.5 + 4 / 64
"""Bytes of a weight in four bits, with the scale of its block of 64."""
BUCKETS = 2e9
"""DeepSpeed's buffers of reducing and gathering: two of 5e8 numbers of two bytes."""
STATES = {"adamw": 2.0, "8bit": 0.5, "4bit": 0.25, "lion": 1.0, "sgd": 0.0, "adafactor": 0.0}
"""{kind of optimiser: what it keeps of a weight, as a multiple of four bytes}."""


class How(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is trained, as far as memory goes."""

    weight: int = 4
    """Bytes of a weight."""
    compute: int = 2
    """Bytes of a number in products: 2 on a GPU (bfloat16)."""
    lora: int = 0
    """Rank of the adapters; 0 trains all weights."""
    quantized: bool = False
    frozen: frozenset[str] = frozenset()
    """Parts that are not trained."""
    optimizer: str = "adamw"
    """A key of STATES."""
    sharding: Sharding = ""
    processes: int = 1
    checkpointing: bool = True
    sequences: int = 1
    """On a device at a time."""
    tokens: int
    """Of the longest sequence, prompt and answer."""
    scored: int
    """Tokens of an answer, which the loss is on."""
    seen: int = 0
    """Visual tokens of the longest sequence."""
    generates: int = 0
    """Sequences that each process generates at a time with transformers; 0 without such."""
    reference: bool = False
    """Whether a second copy of the weights is kept, for KL."""
    teacher: Sizes | None = None
    """Of a larger model whose probabilities are learnt."""
    vllm: float = 0.0
    """Bytes that vLLM takes on the same GPU."""
    sleeps: bool = True
    """Whether vLLM gives them back while the model is trained."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes on each GPU, by part."""

    weights: float
    copies: float
    """Weights in the type of products: kept by autocast, or gathered for a layer."""
    gradients: float
    buckets: float
    """Buffers in which gradients are exchanged between processes."""
    optimizer: float
    reference: float
    teacher: float
    """Weights of a larger model whose probabilities are learnt."""
    activations: float
    """Of forward and backward."""
    logits: float
    cache: float
    """Keys and values of answers that are generated with transformers, and the weights gathered for that."""
    vllm: float
    libraries: float
    total: float
    """The most at one time: training and generating do not overlap."""


def trained(sizes: Sizes, how: How) -> int:
    """Number of weights that are trained."""
    if how.lora:
        return how.lora * sizes.adapter
    return sum(getattr(sizes, part) for part in ("vision", "projector", "language") if part not in how.frozen)


def memory(sizes: Sizes, how: How) -> Memory:
    """The memory that a step takes on each GPU at the most."""
    weight = 2 if how.sharding.startswith("zero") else how.weight
    many = how.processes > 1
    spread = how.processes if how.sharding in ("fsdp2", "zero3") else 1
    shared = how.processes if how.sharding else 1
    number = trained(sizes, how)
    whole = _weights(sizes, how, weight)
    weights = whole / spread + (number * weight / spread if how.lora else 0)
    gradients = number * weight / shared
    buckets = BUCKETS if how.sharding.startswith("zero") else number * weight if many and not how.sharding else 0.0
    state = STATES[how.optimizer] * (weight if how.optimizer == "adamw" and not how.sharding.startswith("zero") else 4)
    master = 4 if how.sharding.startswith("zero") else 0
    optimizer = number * (state + master) / shared
    copies = _copies(sizes, how, weight, number)
    reference = whole / spread if how.reference and not how.lora else 0.0
    teacher = _weights(how.teacher, how, weight) / spread if how.teacher else 0.0
    # FSDP2 and DeepSpeed cast the weights that a layer sees; autocast casts products alone.
    stream = how.compute if how.sharding else weight
    activations = _activations(sizes, how, stream)
    logits = _logits(sizes, how)
    cache = _cache(sizes, how, spread)
    held = (
        weights + gradients + buckets + optimizer + reference + teacher + LIBRARIES + (0.0 if how.sleeps else how.vllm)
    )
    training = copies + activations + logits
    generating = cache + (how.vllm if how.sleeps else 0.0)
    return Memory(
        weights=weights, copies=copies, gradients=gradients, buckets=buckets, optimizer=optimizer, reference=reference,
        teacher=teacher, activations=activations, logits=logits, cache=cache, vllm=how.vllm, libraries=LIBRARIES,
        total=held + max(training, generating),
    )  # fmt: skip


def _weights(sizes: Sizes, how: How, weight: int) -> float:
    """Bytes of all weights of the model; bitsandbytes leaves the embedding and the head as they are."""
    if not how.quantized:
        return sizes.parameters * weight
    outside = sizes.embedding + sizes.head
    return (sizes.parameters - outside) * NF4 + outside * 2


def _copies(sizes: Sizes, how: How, weight: int, number: int) -> float:
    if how.sharding in ("fsdp2", "zero3"):
        # The root's own weights stay gathered; of the layers one is in use, and the next is on its way.
        return how.compute * (sizes.embedding + sizes.head + sizes.projector + 2 * sizes.layer)
    if how.compute >= weight:
        return 0.0
    # Autocast keeps what it has cast until the forward pass ends, of trained weights alone; embeddings are not cast.
    inside = number if how.lora else number - (0 if "language" in how.frozen else sizes.embedding + sizes.head)
    largest = 0 if not how.lora else sizes.layer
    return how.compute * (inside + largest)


def layer(sizes: Sizes, stream: int, compute: int) -> float:
    """Bytes that autograd keeps of a token in one layer of the language model.

    Args:
        sizes: of the model.
        stream: bytes of a number between layers.
        compute: bytes of a number in products.
    """
    hidden, inner = sizes.hidden, sizes.intermediate
    query, key = sizes.heads * sizes.head_dim, sizes.kv_heads * sizes.head_dim
    # Each of the two norms keeps its input in float32 and what it scales; each product its input.
    if stream > compute:
        norms = 2 * (4 + stream) * hidden + (3 + 2) * compute * hidden
    else:
        norms = 2 * ((4 + stream) * hidden + compute * hidden)
    heads = (4 + compute) * (query + key) if sizes.query_norm else 0
    attention = compute * (2 * query + 2 * key)
    return norms + heads + attention + 4 * compute * inner


def block(sizes: Sizes, stream: int, compute: int) -> float:
    """Bytes that autograd keeps of a patch in one layer of the vision tower."""
    hidden, inner = sizes.vision_hidden, sizes.vision_intermediate
    attention = compute * (3 + 2 + 2) * hidden
    if sizes.vision_gated:
        return 2 * (4 + stream) * hidden + 3 * compute * hidden + attention + 4 * compute * inner
    return 2 * (stream + compute) * hidden + attention + 2 * compute * inner


def _activations(sizes: Sizes, how: How, stream: int) -> float:
    tokens = how.sequences * how.tokens
    patches = how.sequences * how.seen * sizes.merge**2
    one, eye = tokens * layer(sizes, stream, how.compute), patches * block(sizes, how.compute, how.compute)
    gradient = tokens * how.compute * 2 * (sizes.hidden + sizes.intermediate)
    pictures = patches * 4 * 3 * 2 * sizes.patch**2
    handed = (
        how.sequences * how.seen * stream * sizes.hidden * (1 + sizes.deepstack) + 2 * tokens * stream * sizes.hidden
    )
    looks = not how.lora and "vision" not in how.frozen
    if how.checkpointing:
        kept = tokens * stream * sizes.hidden * sizes.layers + one
        kept += patches * stream * sizes.vision_hidden * sizes.vision_layers if looks else 0
    else:
        kept = one * sizes.layers + (eye * sizes.vision_layers if looks else 0)
    return pictures + handed + gradient + max(kept, eye)


def _logits(sizes: Sizes, how: How) -> float:
    scored = how.sequences * how.scored
    tile = min(scored, TILE[0]) * min(sizes.vocab, TILE[1]) * how.compute
    head = 0 if how.lora or "language" in how.frozen else 4 * sizes.vocab * sizes.hidden
    return tile + 2 * 4 * scored * sizes.hidden + head


def _cache(sizes: Sizes, how: How, spread: int) -> float:
    if not how.generates:
        return 0.0
    values = 2 * sizes.layers * sizes.kv_heads * sizes.head_dim * how.compute
    gathered = 0 if spread == 1 else sizes.parameters * (2 if how.sharding == "zero3" else how.weight)
    return how.generates * how.tokens * values + gathered
