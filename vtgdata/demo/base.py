"""Trains the tiny model from scratch until it can see: the demo's stand-in for a pretrained model.

A plain loop, not a stage of the pipeline: it reads no corpus file. Its clips are composed from its own bank of frames,
which went through the same codec and JPEG as the drawn videos, and its teacher is always right.

Why so small a network learns to see: it must write down every frame's colour and shape, and whether they are the ones
asked for. Practice is dense: in a quiz every frame is drawn anew, and many are near misses, so neither copying the
frame before nor matching the colour alone helps. The marks and the answer count four times. The hidden matrices are
trained by Muon, which needs half the steps of AdamW, in float32 on every CPU.
"""

from __future__ import annotations

import math
import types
from typing import TYPE_CHECKING, Any

import msgspec

from vtgdata.demo import tiny
from vtgdata.demo.clips import Clips
from vtgdata.demo.muon import Muon
from vtgdata.errors import VtgError
from vtgdata.files.live import each
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.files.whole import write_jsonl

if TYPE_CHECKING:
    import torch

WARMUP = 20
"""Steps of warm-up."""


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of demo-base."""

    out: str
    """Folder for model, tokenizer, processor and training.jsonl."""
    seed: int = 7
    """Seed of weights, bank of frames and clips."""
    steps: int = 400
    """Training steps, at least 60."""
    levels: list[int] = msgspec.field(default_factory=lambda: [0, 1])
    """Levels of the training clips: 0, 1 or both."""
    learning_rate: float = 3e-3
    """Peak learning rate of AdamW, for embeddings, the vision input and all else but the hidden matrices."""
    matrix_rate: float = 0.01
    """Peak learning rate of Muon, for the hidden matrices."""
    threads: int = 1
    """CPU threads; with one, the same seed gives the same weights on the same kind of CPU."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """What was trained, and how well; the last three are means over the last 20 steps."""

    parameters: int
    steps: int
    loss: float | None
    marks_right: float | None
    """Share of the marks of frames that are right, in [0, 1]."""
    answers_right: float | None
    """Share of the tokens of answers that are right, in [0, 1]."""


def run(settings: Settings) -> Summary:
    """Build and train."""
    if settings.steps < 60 or not settings.levels or not set(settings.levels) <= {0, 1}:
        raise VtgError(
            f"steps {settings.steps}, levels {settings.levels}: give at least 60 steps, and levels 0, 1 or both."
        )
    with Step("demo-base", settings, Summary, code=["vtgdata.demo.base"]) as step:
        if (done := step.up_to_date()) is not None:
            return done
        out = step.start()
        import torch
        from transformers.utils.logging import disable_progress_bar

        torch.set_num_threads(settings.threads)
        disable_progress_bar()  # saving takes no time
        tokenizer = tiny.build_tokenizer()
        model = tiny.build_model(tokenizer, settings.seed)
        lines = train(model, Clips(tokenizer, settings.levels, settings.seed), settings)
        model.save_pretrained(out)
        tiny.build_processor(tokenizer).save_pretrained(out)
        write_jsonl(out / "training.jsonl", lines)
        last = lines[-20:]
        summary = Summary(
            parameters=sum(weight.numel() for weight in model.parameters()),
            steps=settings.steps,
            loss=_mean(last, "loss"),
            marks_right=_mean(last, "marks_right"),
            answers_right=_mean(last, "answers_right"),
        )
        return step.finish(summary, step.written())


def _mean(lines: list[dict[str, float]], name: str) -> float:
    return sum(line[name] for line in lines) / len(lines)


def train(model: Any, clips: Clips, settings: Settings) -> list[dict[str, float]]:
    """The training loop; changes the model, returns one log line for each step."""
    import torch
    from torch.nn.functional import cross_entropy

    join_images(model)
    muon, adam = _optimisers(model)
    lines = []
    model.train()
    batches = each(clips.batches(settings.steps), settings.steps, "demo-base", "steps")
    for number, batch in enumerate(batches):
        falling = 0.03 + 0.97 * (1 + math.cos(math.pi * number / settings.steps)) / 2
        scale = falling * min(1.0, (number + 1) / WARMUP)
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
        model.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in adam.param_groups:
            group["lr"] = settings.learning_rate * scale
        adam.step()
        muon.step(settings.matrix_rate * scale)
        lines.append({"step": number + 1, "loss": loss.item(), **clips.right(logits.argmax(-1) == truth)})
    part_images(model)
    return lines


def _optimisers(model: Any) -> tuple[Muon, torch.optim.Optimizer]:
    """Muon for the hidden matrices, AdamW for all else."""
    import torch

    hidden = [
        weight
        for name, weight in model.named_parameters()
        if weight.ndim == 2 and any(part in name for part in ("layers", "blocks", "merger"))
    ]
    chosen = set(map(id, hidden))
    rest = [weight for weight in model.parameters() if id(weight) not in chosen]
    return Muon(hidden), torch.optim.AdamW(rest, betas=(0.9, 0.95), weight_decay=0.01)


def join_images(model: Any) -> None:
    """Let the vision blocks process all images at once, each image attending to itself; the library's way is slow.

    The library takes images one by one. This is right only while every image has four patches, as here; `part_images`
    undoes it.
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
