"""The facts in release.json about the models that were asked for a release's rows: which, how often, and how."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from vtgdata.files import json_document
from vtgdata.files.schemas import Row
from vtgdata.records import NEUTRAL

Facts = dict[str, Any]
_HOW = ("prompt_id", "sampling_id", "sampling", "frame_sampling")


def teacher(model_id: str, traces: Sequence[Row]) -> Facts:
    """Facts of a model that wrote traces: how many, how many were kept, why others were not, and how it was asked.

    Args:
        model_id: the model's id.
        traces: all of its rows of traces.parquet, kept or not: one answer each.
    """
    reasons = Counter(row["reason"] or "unknown" for row in traces if not row["kept"])
    answers = Counter(row["sample_id"] for row in traces)
    return {
        "role": "teacher", "id": model_id, "samples": len(answers), "rows": len(traces),
        "least": min(answers.values()), "most": max(answers.values()), "kept": sum(bool(row["kept"]) for row in traces),
        "not_kept": dict(sorted(reasons.items())), "asked": _asked([(row, 1) for row in traces]),
    }  # fmt: skip


def student(model_id: str, rates: Sequence[Row]) -> Facts:
    """Facts of a model whose answers gave pass rates: how many answers, and how it was asked.

    Args:
        model_id: the model's id.
        rates: rows with pass rates, one per sample and measure; each has its number of answers n.
    """
    each = {row["sample_id"]: row for row in rates}
    counts = [row["n"] or 0 for row in each.values()]
    return {
        "role": "student", "id": model_id, "samples": len(each), "rows": sum(counts), "least": min(counts),
        "most": max(counts), "asked": _asked([(row, row["n"] or 0) for row in each.values()]),
    }  # fmt: skip


def _asked(rows: Sequence[tuple[Row, int]]) -> list[Facts]:
    """Each way in which a model was asked: prompt, sampling of answers, frames, samples, and answers per sample."""
    ways: dict[tuple[str, ...], Counter[str]] = {}
    for row, count in rows:
        way = tuple(str(row.get(name) or "") for name in _HOW)
        ways.setdefault(way, Counter())[row["sample_id"]] += count
    return [
        {
            "prompt": prompt,
            **_drawn(sampling, sampling_id),
            "frames": json_document.cell(frames, "frame_sampling") if frames else None,
            "samples": len(answers),
            "least": min(answers.values()),
            "most": max(answers.values()),
        }
        for (prompt, sampling_id, sampling, frames), answers in sorted(ways.items())
    ]


def _drawn(sampling: str, sampling_id: str) -> Facts:
    """temperature, top_p, max_tokens and seed; for older rows, which do not store these, only the short form."""
    return json_document.cell(sampling, "sampling", Facts) if sampling else {"sampling": sampling_id}


def drawn_words(asked: Mapping[str, Any]) -> str:
    """How answers were drawn, in words.

    >>> drawn_words({"temperature": 0.7, "top_p": 1.0, "max_tokens": 512, "seed": 3})
    'temperature 0.7, top_p 1, at most 512 tokens, seed 3'
    """
    if "temperature" not in asked:
        return f"sampling {asked['sampling']}"
    drawn = [f"{name} {asked[name]:g}" for name in ("temperature", "top_p", *NEUTRAL) if name in asked]
    rest = [f"at most {asked['max_tokens']:,} tokens", f"seed {asked['seed']}"]
    if (same := asked.get("reproducible")) is not None:
        rest.append("batches of one size (reproducible)" if same else "batches of any size (not reproducible)")
    return ", ".join([*drawn, *rest])


def frames_words(frames: Mapping[str, Any] | None) -> str:
    """Which frames a model saw, in words.

    >>> frames_words({"frames": 32, "fps": None, "midpoint": False, "short_side": 336})
    '32 frames, each from the start of one of 32 equal parts of the video, short side at most 336 pixels'
    """
    if frames is None:
        return "frames not recorded"
    count, fps = frames.get("frames"), frames.get("fps")
    part = "middle" if frames.get("midpoint") else "start"
    even = f"{count} frames, each from the {part} of one of {count} equal parts of the video"
    most = f", at most {count}" if count else ""
    size = f"short side at most {frames.get('short_side')} pixels"
    if budget := frames.get("tokens"):
        size = f"as large as {budget['total']:,} visual tokens of {budget['patch']} x {budget['patch']} pixels allow"
    return f"{f'{fps:g} frames a second{most}' if fps else even}, {size}"
