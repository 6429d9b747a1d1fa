"""The plan of a training in lines for people."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UnsetType

from vtgdata.engine.money.plan_words import Bounds
from vtgdata.train.lengths import Lengths
from vtgdata.train.memory import Memory
from vtgdata.train.plan import Planned


def words(plan: Planned) -> list[str]:
    """A plan in lines for people."""
    lines = [f"{plan.training} of {plan.model}: a plan, nothing is trained"]
    lines += [f"  {line}" for line in plan.launches]
    if not isinstance(plan.parameters, UnsetType):
        parts = ", ".join(
            f"{name} {number:,}" for name, number in plan.parameters.items() if name not in ("all", "trained")
        )
        lines.append(f"weights: {plan.parameters['all']:,} ({parts}); trained {plan.parameters['trained']:,}")
    if not isinstance(plan.batch, UnsetType):
        split = plan.batch
        lines.append(
            f"batch: {split.total} sequences a step = {split.processes} processes x {split.device} at a time x "
            f"{split.turns} times"
        )
    if not isinstance(plan.lengths, UnsetType):
        lines += _of_lengths(plan.lengths)
    if not isinstance(plan.steps, UnsetType):
        lines.append(f"steps: {plan.steps:,}")
    if not isinstance(plan.tokens_per_step, UnsetType):
        lines.append(f"tokens a step: {_span(plan.tokens_per_step)}")
    if not isinstance(plan.memory, UnsetType):
        lines += _of_memory(plan.memory)
    if not isinstance(plan.hours, UnsetType):
        lines.append(
            f"hours: {plan.hours.low:.1f} to {plan.hours.high:.1f}, at {plan.tokens_per_second:,.0f} tokens a second "
            f"on a GPU ({plan.throughput})"
        )
    return [*lines, *(f"assumed: {note}" for note in plan.notes), *(f"not told: {note}" for note in plan.missing)]


def _of_lengths(told: Lengths) -> list[str]:
    rows = f"{told.rows:,} rows, " if told.rows else ""
    return [
        f"rows: {rows}up to {told.frames} frames; a prompt has {told.prompt.low:,.0f} tokens for small videos, "
        f"{told.prompt.high:,.0f} for large ones; answers of up to {told.scored:,}; the longest row {told.longest:,}"
    ]


def _of_memory(found: Memory) -> list[str]:
    parts: Mapping[str, float] = {
        "weights": found.weights, "copies for products": found.copies, "gradients": found.gradients,
        "exchange of gradients": found.buckets, "optimiser": found.optimizer, "reference model": found.reference,
        "teacher": found.teacher, "activations": found.activations, "logits": found.logits, "KV cache": found.cache,
        "vLLM": found.vllm, "libraries": found.libraries,
    }  # fmt: skip
    said = ", ".join(f"{name} {size / 1e9:.2f}" for name, size in parts.items() if size)
    return [
        f"memory of a GPU in GB: {said}",
        f"at most {found.total / 1e9:.1f} GB at one time: an estimate, not measured",
    ]


def _span(bounds: Bounds) -> str:
    return f"{bounds.low:,.0f} to {bounds.high:,.0f}"
