"""Trains the tiny model from nothing until it sees: the demo's stand-in for a pretrained model.

A plain loop, not a stage of the pipeline: it reads no corpus file. Its clips are composed from a bank of frames of its
own, which went through the same codec and JPEG as the drawn videos, and its teacher is always right.

What makes so small a network see: it must write down every frame's colour and shape and whether it is what was asked;
practice is dense (in a quiz every frame is drawn anew, many of them all but right, so neither copying the frame before
nor matching the colour alone is of use); the marks and the answer count four times; and the hidden matrices are trained
by Muon, which needs half the steps of AdamW.
"""

from __future__ import annotations

import io
import math
import types
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from vtgdata.demo import tiny
from vtgdata.demo.draw import as_seen, encode
from vtgdata.demo.scenes import LOOKS, PAIRS, SHAPES, STEPS, Look, Segment, compose, draw_image, sentence, trace
from vtgdata.errors import VtgError
from vtgdata.meta import Step, Summary
from vtgdata.tables import write_jsonl

if TYPE_CHECKING:
    import numpy as np
    import torch

BANK = 60
"""Frames of each pair and look."""
QUIZ = -1
"""A kind of clip beside levels 0 and 1: each frame shows what is asked, nearly that, or anything, one third each."""
ANSWER = [-5, -3]
"""Where the answer's two times stand: before " to ", time, </answer> and the end of the turn."""
WARMUP = 20
"""Steps."""
_BANK_SEED = 1_000_003


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of demo-base."""

    out: str
    """Folder for model, tokenizer, processor and training.jsonl."""
    seed: int = 7
    """Of weights, bank and clips."""
    steps: int = 400
    """Training steps, at least 60."""
    levels: list[int] = msgspec.field(default_factory=lambda: [0, 1])
    """Levels of the clips to learn on: 0, 1 or both."""
    clip_rate: float = 3e-3
    """Peak learning rate of AdamW, for embeddings and the vision entrance."""
    matrix_rate: float = 0.01
    """Peak learning rate of Muon, for the hidden matrices."""
    threads: int = 1
    """CPU threads; with one, the same seed gives the same weights."""


class Phase(NamedTuple):
    """A part of the curriculum: share of the steps, clip length in frames, kinds of clips, frames in a batch."""

    share: float
    shortest: int
    longest: int
    kinds: tuple[int, ...]
    frames: int


class Batch(NamedTuple):
    """`tokens` (clips, length), the last `answer` of them to be learnt, `weights` (clips, answer), `frames` uint8."""

    tokens: torch.Tensor
    answer: int
    weights: torch.Tensor
    frames: torch.Tensor


def curriculum(levels: Sequence[int]) -> tuple[Phase, ...]:
    """Plain short clips, then quizzes among them, then full length: matching is learnt soonest on short clips."""
    known = tuple(levels)
    if known == (0,):
        return Phase(0.35, 3, 6, (QUIZ, 0), 240), Phase(0.65, STEPS, STEPS, (0,), 240)
    return (
        Phase(0.25, 3, 5, known, 320),
        Phase(0.35, 3, 6, (QUIZ, *known), 320),
        Phase(0.40, STEPS, STEPS, (QUIZ, *known), 400),
    )


def run(settings: Settings) -> Summary:
    """Build and train; returns losses and the share of right tokens over the last steps."""
    if settings.steps < 60 or not settings.levels or not set(settings.levels) <= {0, 1}:
        raise VtgError(
            f"steps {settings.steps}, levels {settings.levels}: give at least 60 steps, and levels 0, 1 or both."
        )
    step = Step("demo-base", settings, code=["vtgdata.demo.base"])
    if (done := step.up_to_date()) is not None:
        return done
    out = step.start()
    import torch

    torch.set_num_threads(settings.threads)
    tokenizer = tiny.build_tokenizer()
    model = tiny.build_model(tokenizer, settings.seed)
    lines = train(model, Clips(tokenizer, settings), settings)
    model.save_pretrained(out)
    tiny.build_processor(tokenizer).save_pretrained(out)
    write_jsonl(out / "training.jsonl", lines)
    last = lines[-20:]
    summary = {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "steps": settings.steps,
        **{name: sum(line[name] for line in last) / len(last) for name in ("loss", "marks_right", "answers_right")},
    }
    return step.finish(summary, sorted(path.name for path in out.iterdir()))


def train(model: Any, clips: Clips, settings: Settings) -> list[dict[str, float]]:
    """The loop; changes the model, returns one line a step."""
    import torch
    from torch.nn.functional import cross_entropy

    join_images(model)
    optimisers = _optimisers(model, settings)
    lines = []
    model.train()
    for number, batch in enumerate(clips.batches(settings.steps)):
        scale = min(1.0, (number + 1) / WARMUP) * (
            0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * number / settings.steps))
        )
        count, length = batch.tokens.shape
        hidden = model.model(
            input_ids=batch.tokens,
            pixel_values=tiny.patches(batch.frames),
            image_grid_thw=torch.tensor([[1, 2, 2]]).expand(len(batch.frames), 3),
            # An image is one token, so positions are those of text; working them out per image is slow.
            position_ids=torch.arange(length).expand(3, count, length),
            use_cache=False,
        ).last_hidden_state
        logits = model.lm_head(hidden[:, -batch.answer - 1 : -1])
        truth = batch.tokens[:, -batch.answer :]
        losses = cross_entropy(logits.flatten(0, 1), truth.flatten(), reduction="none").view_as(truth)
        loss = (losses * batch.weights).sum() / batch.weights.sum()
        for optimiser, rate in optimisers:
            optimiser.zero_grad()
            for group in optimiser.param_groups:
                group["lr"] = rate * scale
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimiser, _ in optimisers:
            optimiser.step()
        lines.append({"step": number + 1, "loss": loss.item(), **clips.right(logits.argmax(-1) == truth)})
    part_images(model)
    return lines


def _optimisers(model: Any, settings: Settings) -> list[tuple[torch.optim.Optimizer, float]]:
    """Muon for the hidden matrices, AdamW for all else; each with its peak learning rate."""
    import torch

    hidden = [
        weight
        for name, weight in model.named_parameters()
        if weight.ndim == 2 and any(part in name for part in ("layers", "blocks", "merger"))
    ]
    chosen = set(map(id, hidden))
    rest = [weight for weight in model.parameters() if id(weight) not in chosen]
    return [
        (torch.optim.Muon(hidden, lr=settings.matrix_rate, weight_decay=0.01, momentum=0.95), settings.matrix_rate),
        (torch.optim.AdamW(rest, lr=settings.clip_rate, betas=(0.9, 0.95), weight_decay=0.01), settings.clip_rate),
    ]


class Clips:
    """An endless source of batches: clips of bank frames, with the right teacher's traces."""

    def __init__(self, tokenizer: Any, settings: Settings) -> None:
        import numpy as np
        import torch

        self.tokenizer = tokenizer
        self.rng = np.random.default_rng([settings.seed, 5])
        self.phases = curriculum(settings.levels)
        self.bank = {
            kind: torch.from_numpy(bank(kind, np.random.default_rng([settings.seed + _BANK_SEED, kind + 1])))
            for kind in sorted({kind for phase in self.phases for kind in phase.kinds})
        }
        self.marks = [tokenizer.convert_tokens_to_ids(f"Ġ{word}") for word in ("yes", "no")]

    def batches(self, steps: int) -> Iterator[Batch]:
        """The curriculum, spread over so many steps."""
        ends = [round(steps * sum(phase.share for phase in self.phases[: k + 1])) for k in range(len(self.phases))]
        for number in range(steps):
            phase = self.phases[next(k for k, end in enumerate(ends) if number < end or end == ends[-1])]
            frames = int(self.rng.integers(phase.shortest, phase.longest + 1))
            yield self.batch(phase.frames // frames, frames, phase.kinds)

    def batch(self, count: int, frames: int, kinds: Sequence[int]) -> Batch:
        """So many clips of so many frames; all rows have the same number of tokens."""
        import torch

        texts, pictures = [], []
        for _ in range(count):
            kind = kinds[int(self.rng.integers(len(kinds)))]
            asked, shown = self.clip(kind, frames)
            texts.append(_text(asked, shown, float(self.rng.integers(2, 11)) / 2))
            chosen = torch.from_numpy(self.rng.integers(BANK, size=frames))
            pictures.append(self.bank[kind][torch.tensor(shown), chosen])
        prompt = self.tokenizer(texts[0][0], add_special_tokens=False).input_ids
        tokens = torch.tensor(self.tokenizer([a + b for a, b in texts], add_special_tokens=False).input_ids)
        answer = tokens.shape[1] - len(prompt)
        truth = tokens[:, -answer:]
        weights = torch.ones(truth.shape)
        weights[torch.isin(truth, torch.tensor(self.marks))] = 4.0
        weights[:, ANSWER] = 4.0
        return Batch(tokens, answer, weights, torch.cat(pictures))

    def clip(self, kind: int, frames: int) -> tuple[int, list[int]]:
        """The pair that is asked for, and the pair of each frame."""
        if kind == QUIZ:
            return self.quiz(frames)
        spans = compose(kind, self.rng, frames)
        asked = spans[int(self.rng.integers(len(spans))) if self.rng.random() < 0.3 else 0][0]
        return asked, [next(pair for pair, first, last in spans if first <= k < last) for k in range(frames)]

    def quiz(self, frames: int) -> tuple[int, list[int]]:
        """A clip without segments; the asked pair comes at least once."""
        asked = int(self.rng.integers(len(PAIRS)))
        colour, shape = divmod(asked, len(SHAPES))
        shown = []
        for _ in range(frames):
            other = int(self.rng.integers(len(PAIRS)))
            near = colour * len(SHAPES) + other % len(SHAPES), other // len(SHAPES) * len(SHAPES) + shape
            shown.append((asked, near[int(self.rng.integers(2))], other)[int(self.rng.integers(3))])
        shown[int(self.rng.integers(frames))] = asked
        return asked, shown

    def right(self, hits: torch.Tensor) -> dict[str, float]:
        """Shares of right marks and of right answers. Args: hits: (clips, answer) bool."""
        # After <think>, five tokens a frame: time, colour, shape, mark and "; ".
        marks = hits[:, 4:-8:5]
        answers = hits[:, ANSWER].all(dim=1)
        return {"marks_right": marks.float().mean().item(), "answers_right": answers.float().mean().item()}


def _text(asked: int, shown: Sequence[int], step: float) -> tuple[str, str]:
    """Prompt and completion, exactly as the chat template renders them. Args: pairs, and seconds a frame."""
    times, duration = [k * step for k in range(len(shown))], len(shown) * step
    segments = [
        Segment(colour=PAIRS[pair][0], shape=PAIRS[pair][1], start=time, end=time + step)
        for pair, time in zip(shown, times, strict=True)
    ]
    query = sentence(asked)
    seen = "".join(f"{time:04.1f}<|vision_start|>{tiny.IMAGE}<|vision_end|>" for time in times)
    prompt = f"<|im_start|>user\nWhen: {query}?{seen}{duration:04.1f}{tiny.END}<|im_start|>assistant\n"
    return prompt, trace(segments, query, times, duration) + tiny.END


def bank(kind: int, rng: np.random.Generator) -> np.ndarray:
    """Frames of every pair as a model gets to see them: (pairs, BANK, 28, 28, 3) uint8."""
    import numpy as np

    order = rng.permutation(np.repeat(np.arange(len(PAIRS)), BANK))
    looks = (LOOKS[kind] if kind != QUIZ else Look(rng.uniform(0.65, 1), rng.uniform(10, 18)) for _ in order)
    pictures = [draw_image(int(pair), look, rng) for pair, look in zip(order, looks, strict=True)]
    file = io.BytesIO()
    encode(file, ((picture, 2) for picture in pictures), Fraction(8))
    seen = as_seen(file, range(0, 2 * len(order), 2))
    return seen[np.argsort(order, kind="stable")].reshape(len(PAIRS), BANK, *seen.shape[1:])


def join_images(model: Any) -> None:
    """Let the vision blocks attend within all images at once; the library takes them one by one, which is slow.

    Right only while every image has four patches, as here. `part_images` takes it back.
    """
    from torch.nn.functional import scaled_dot_product_attention
    from transformers.models.qwen3_vl.modeling_qwen3_vl import apply_rotary_pos_emb_vision

    def forward(self: Any, hidden_states: torch.Tensor, position_embeddings: Any = None, **_: Any) -> torch.Tensor:
        count = hidden_states.shape[0]
        query, key, value = self.qkv(hidden_states).reshape(count, 3, self.num_heads, -1).permute(1, 0, 2, 3).unbind(0)
        query, key = apply_rotary_pos_emb_vision(query, key, *position_embeddings)
        query, key, value = (
            part.reshape(count // 4, 4, self.num_heads, -1).transpose(1, 2) for part in (query, key, value)
        )
        mixed = scaled_dot_product_attention(query, key, value, scale=self.scaling)
        return self.proj(mixed.transpose(1, 2).reshape(count, -1))

    for block in model.model.visual.blocks:
        block.attn.forward = types.MethodType(forward, block.attn)


def part_images(model: Any) -> None:
    """Give the vision blocks their own attention back."""
    for block in model.model.visual.blocks:
        del block.attn.forward
