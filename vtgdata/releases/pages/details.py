"""What a sample's own page says besides the table: full texts, reasoning with its times, repairs, frames."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

from vtgdata.conversation import reasoning_times
from vtgdata.conversation.reasoning_times import Claim
from vtgdata.files import parquet_limits
from vtgdata.files.pieces import names_of
from vtgdata.releases.pages.payload import flat, short
from vtgdata.releases.pages.rows import Rows
from vtgdata.releases.pages.strips import Strip
from vtgdata.releases.pages.tables import Found

LETTERS = 20_000
"""Letters of a text; a longer one is cut, with a mark that says so."""
STEPS = 24
"""Most completions of a sample that its page has: those of the last steps."""
_TEXTS = (
    *("sample_id", "key", "index", "model", "model_id", "seeing", "text", "target", "reasoning", "parse_status"),
    *("scores", "finish_reason", "tokens_in", "tokens_out", "error", "reason", "detail", "kept", "marks"),
)


_TIMED = re.compile(r"(?<![\d.:])(?:\d+(?::\d\d)+(?:\.\d+)?|\d+\.\d+)(?![\d:]|\.\d)")
"""Numbers that are written as times. They are marked where a reasoning has no sentence about a time: in a list, say."""


def details(found: Found, rows: Rows, wanted: Sequence[int], strips: dict[int, Strip]) -> Iterator[tuple[int, Any]]:
    """Yield (row, its details), in the order of `wanted`."""
    ids = rows.samples["sample_id"].gather(list(wanted))
    texts = _texts(found, ids)
    chosen = rows.samples[list(wanted)]
    answered = rows.answers.join(chosen.select("sample_id"), on="sample_id", how="semi") if rows.models else None
    learnt = _completions(found, ids)
    of_sample: dict[Any, Any] = answered.partition_by("sample_id", as_dict=True) if answered is not None else {}
    described: Iterator[dict[str, Any]] = chosen.iter_rows(named=True)
    for row, sample in zip(wanted, described, strict=True):
        mine: Any = of_sample.get((sample["sample_id"],))
        strip, repairs = strips.get(row), cast("list[dict[str, str]]", sample["repairs"] or [])
        yield (
            row,
            {
                "query": short(sample["query"], LETTERS),
                "facts": _facts(sample),
                "repairs": [[r["code"], short(r["old"]), short(r["new"])] for r in repairs],
                "answers": [
                    _answer(each, _told(texts, each))
                    for each in (mine.iter_rows(named=True) if mine is not None else ())
                ],
                "proposed": flat(sample["proposed"]),
                "completions": learnt.get(sample["sample_id"], []),
                "frames": [strip.status, strip.times, strip.images] if strip else None,
            },
        )


def _completions(found: Found, ids: Any) -> dict[str, list[list[Any]]]:
    """{sample: what a policy said to it in training}, each as step, reward, windows and text, the first step first."""
    import polars as pl

    wanted = ["sample_id", "step", "reward", "windows", "text"]
    parts = [
        parquet_limits.matching(path, wanted, "sample_id", ids.to_list())
        for path in found.of("completions")
        if set(wanted) <= set(names_of(path))
    ]
    told: dict[str, list[list[Any]]] = {}
    rows = pl.concat(parts, how="diagonal_relaxed").sort("step", maintain_order=True) if parts else pl.DataFrame()
    for name, step, reward, windows, text in rows.iter_rows():
        told.setdefault(name, []).append([step, reward, flat(windows), short(text or "", LETTERS)])
    return {name: each[-STEPS:] for name, each in told.items()}


def _facts(sample: dict[str, Any]) -> dict[str, str]:
    names = ("sample_id", "corpus", "split", "video_file", "license", "label_version", "origin", "task")
    found = {name.replace("_", " "): short(str(sample[name] or "")) for name in names}
    if sample["none_is_right"]:
        found["label"] = "no such moment"
    elif sample["labelled"] is False:
        found["label"] = "not public"
    return {name: value for name, value in found.items() if value}


def _texts(found: Found, ids: Any) -> dict[Any, dict[str, Any]]:
    """The texts of the answers to some samples; those of traces also say why one was not kept."""
    texts: dict[Any, dict[str, Any]] = {}
    for kind in ("rollouts", "traces"):
        for path in found.of(kind):
            there = names_of(path)
            columns = [name for name in _TEXTS if name in there]
            for row in parquet_limits.matching(path, columns, "sample_id", ids.to_list()).iter_rows(named=True):
                texts.setdefault((row["sample_id"], row.get("key"), row.get("index")), {}).update(row)
    return texts


def _told(texts: dict[Any, dict[str, Any]], answer: dict[str, Any]) -> dict[str, Any]:
    """The texts of an answer, those from files included that do not say its index."""
    name, key = answer["sample_id"], answer["key"]
    return texts.get((name, key, None), {}) | texts.get((name, key, answer["index"]), {})


def _answer(answer: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    reasoning = told.get("reasoning") or ""
    text = told.get("text") or told.get("target") or ""
    scores = {each["name"]: each["value"] for each in told.get("scores") or () if each["value"] is not None}
    found = {
        "text": short(text, LETTERS), "reasoning": short(reasoning, LETTERS), "marks": _marks(reasoning or text),
        "status": answer["parse_status"] or "", "scores": scores, "error": short(told.get("error") or ""),
        "reason": short(told.get("reason") or ""), "detail": short(told.get("detail") or ""),
        "finish": told.get("finish_reason") or "", "tokens": [told.get("tokens_in"), told.get("tokens_out")],
        "done": list(told.get("marks") or ()), "windows": flat(answer["windows"]),
    }  # fmt: skip
    return {name: value for name, value in found.items() if value not in ("", [], {}, [None, None])}


def _marks(text: str) -> list[list[float]]:
    """The times that a reasoning names: start, end (the same for a single time), place in the text (-1: not known)."""
    plain = reasoning_times.plain(text)
    same = len(plain) == len(text)
    claims = reasoning_times.claims_in(plain) or [
        Claim(value, value, found.start())
        for found in _TIMED.finditer(plain)
        for value in reasoning_times.timed_numbers_in(found[0])
    ]
    return [[round(claim.start, 3), round(claim.end, 3), claim.place if same else -1] for claim in claims]
