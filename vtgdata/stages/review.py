"""review: write the samples anew with what people decided about a queue of labels.

    out/samples.parquet    the samples; of a split with a changed label, label_version becomes original+r1, +r2, ...
    out/drops.parquet      the samples that were dropped, with who and when
    out/decisions.parquet  what was decided about which label, by whom and when

The input's bytes do not change. A label has one version for its whole split, since no published number is of a part of
it: so a split with one changed label is another set of labels. The old window stands in the row's repairs.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.engine import wrong_share
from vtgdata.engine.wrong_share import WrongShare
from vtgdata.errors import VtgError
from vtgdata.files import outside
from vtgdata.files.label_reviews import CONTROLS, QUEUE, Decision, label_of, read_decisions, read_queue
from vtgdata.files.parquet import read_parquet, write_parquet
from vtgdata.files.samples import SampleTable, open_samples, write_drops, write_samples
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.metrics import agreement
from vtgdata.metrics.agreement import Agreement
from vtgdata.records import Drop, Repair, Sample
from vtgdata.records.windows import as_pairs, from_pairs

DECIDED = {
    "sample_id": "text", "decision": "text", "windows": "windows", "before": "windows", "who": "text", "when": "text",
    "note": "text", "label": "text",
}  # fmt: skip
NO_MOMENT = "none_is_right"
"""Key of a sample's `extra`, true where somebody looked and found no such moment."""
FIXED, NONE = "label_fixed", "label_none"
"""Codes of repairs."""


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of review."""

    queue: str
    """The queue that was looked at: review.parquet of `vtgdata audit`, or its folder."""
    samples: str
    """The samples whose labels were audited: a samples.parquet."""
    apply: str
    """Decisions, a JSON object a line: {"sample_id": .., "decision": "accept" | "fix" | "none" | "drop", "windows":
    [[start, end], ..] for fix, "who": .., "when": ..}."""
    out: str
    """Output folder."""
    second: str = ""
    """Decisions of a second person about the same queue: they are compared with the first ones, not applied."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """What was decided."""

    samples: int
    """Samples that were written."""
    decisions: dict[str, int]
    """{decision: number of labels}."""
    undecided: int
    """Rows of the queue that nobody decided."""
    changed: int
    """Labels that were changed or dropped."""
    label_versions: dict[str, str]
    """{`corpus split`: its new version}, of splits with a changed label."""
    wrong: WrongShare | None
    """Share of wrong labels in the whole pool; None if none of the rows drawn at random was decided."""
    out: str
    """Output folder."""
    agreement: Agreement | UnsetType = UNSET
    """How far the two people agree; unset without a second one's decisions."""


def run(settings: Settings) -> Summary:
    """Apply the decisions, and write the samples, the dropped ones and the decisions.

    Raises VtgError for a decision about a label that is not in the queue, or has changed since it was looked at.
    """
    queue = settings.queue if settings.queue.endswith(".parquet") else str(Path(settings.queue) / QUEUE)
    controls = Path(queue).parent / CONTROLS
    second = [settings.second] if settings.second else []
    inputs = [queue, settings.samples, settings.apply, *second, *([str(controls)] if outside.is_file(controls) else [])]
    with Step("review", settings, Summary, code=[__name__], inputs=inputs) as step:
        if (done := step.up_to_date()) is not None:
            return done
        rows = read_queue(queue)
        decisions = _checked(settings.apply, queue, rows)
        other = _checked(settings.second, queue, rows) if settings.second else None
        samples = open_samples(settings.samples)
        _check_labels(settings, samples, decisions, rows)
        versions = _versions(samples, decisions)
        before = {sample.sample_id: sample for sample in samples if sample.sample_id in decisions}
        out = step.start()
        write_samples(out / "samples.parquet", _written(samples, decisions, versions))
        write_drops(out / "drops.parquet", _dropped(before, decisions))
        told = [_told(before[name], decision, rows[name]["label"]) for name, decision in decisions.items()]
        write_parquet(out / "decisions.parquet", told, DECIDED)
        counts = Counter(decision.decision for decision in decisions.values())
        summary = Summary(
            samples=len(samples) - counts["drop"],
            decisions=dict(sorted(counts.items())),
            undecided=len(rows.keys() - decisions.keys()),
            changed=sum(_changes(decision) for decision in decisions.values()),
            label_versions={f"{corpus} {split}": version for (corpus, split), version in sorted(versions.items())},
            wrong=_wrong(controls, set(rows), decisions),
            out=settings.out,
            agreement=UNSET if other is None else _agreement(rows, decisions, other),
        )
        return step.finish(summary, ["samples.parquet", "drops.parquet", "decisions.parquet"])


def _changes(decision: Decision) -> bool:
    return decision.decision != "accept"


def _agreement(rows: Mapping[str, Any], first: Mapping[str, Decision], second: Mapping[str, Decision]) -> Agreement:
    """How far two people agree on the labels that both decided."""
    both = [(rows[name], first[name], second[name]) for name in first if name in second]
    given = [tuple(_given(row, decision) for decision in pair) for row, *pair in both]
    return agreement.measure(
        [(_kept(row, one), _kept(row, other)) for row, one, other in both],
        [(one, other) for one, other in given if one and other],
    )


def _kept(row: Mapping[str, Any], decision: Decision) -> bool:
    """Whether a person left the label as it was, be it by writing it once more."""
    return decision.decision in ("accept", "fix") and _given(row, decision) == row["windows"]


def _given(row: Mapping[str, Any], decision: Decision) -> list[list[float]]:
    """The windows that a person gave: the label's own where it was accepted, none for no moment or a dropped row."""
    return row["windows"] if decision.decision == "accept" else decision.windows or []


def _checked(file: str, queue: str, rows: Mapping[str, dict[str, object]]) -> dict[str, Decision]:
    """The decisions by sample; raises VtgError for one about a sample that the queue does not have."""
    found: dict[str, Decision] = {}
    for line, decision in read_decisions(file):
        if decision.sample_id not in rows:
            raise VtgError(f"{file}:{line}: {decision.sample_id!r} is not in the queue {queue}.")
        found[decision.sample_id] = decision
    return found


def _check_labels(
    settings: Settings, samples: SampleTable, decisions: Mapping[str, Decision], rows: Mapping[str, dict[str, object]]
) -> None:
    """Raise VtgError, naming the sample, for a decision about a label that is another one now, or past its video."""
    left = set(decisions)
    for sample in samples:
        decision = decisions.get(sample.sample_id)
        if decision is None:
            continue
        left.discard(sample.sample_id)
        looked_at = decision.label or rows[sample.sample_id]["label"]
        if label_of(sample) != looked_at:
            raise VtgError(
                f"{settings.samples}: the label of {sample.sample_id!r} has changed since it was looked at, so the "
                f"decision of {decision.who} ({decision.when}) is not about it. Audit these samples again."
            )
        last = max((end for _, end in decision.windows or []), default=0.0)
        if sample.video.duration is not None and last > sample.video.duration + 0.1:
            raise VtgError(
                f"{settings.apply}: {sample.sample_id!r}: a window ends at {last:g} s, and the video lasts "
                f"{sample.video.duration:g} s."
            )
    if left:
        raise VtgError(f"{settings.samples}: has no sample {min(left)!r}, about which {settings.apply} decides.")


def _versions(samples: SampleTable, decisions: Mapping[str, Decision]) -> dict[tuple[str, str], str]:
    """{(corpus, split): new version} of splits with a changed label: one above the highest that the split has."""
    changed: set[tuple[str, str]] = set()
    highest: dict[tuple[str, str], tuple[int, str]] = {}
    for sample in samples:
        key = sample.corpus, sample.split
        decision = decisions.get(sample.sample_id)
        if decision is not None and _changes(decision):
            changed.add(key)
        base, number = _version(sample.label_version)
        highest[key] = max(highest.get(key, (-1, "")), (number, base))
    return {key: f"{highest[key][1]}+r{highest[key][0] + 1}" for key in changed}


def _version(text: str) -> tuple[str, int]:
    """A version without its reviews, and their number.

    >>> _version("original+r2"), _version("original")
    (('original', 2), ('original', 0))
    """
    base, mark, number = text.rpartition("+r")
    return (base, int(number)) if mark and number.isdecimal() else (text, 0)


def _written(
    samples: SampleTable, decisions: Mapping[str, Decision], versions: Mapping[tuple[str, str], str]
) -> Iterator[Sample]:
    """The samples that stay, with their labels as decided."""
    for sample in samples:
        decision = decisions.get(sample.sample_id)
        version = versions.get((sample.corpus, sample.split), sample.label_version)
        if decision is not None and decision.decision == "drop":
            continue
        if decision is not None and _changes(decision):
            sample = _changed(sample, decision)
        yield msgspec.structs.replace(sample, label_version=version)


def _changed(sample: Sample, decision: Decision) -> Sample:
    windows = from_pairs(sorted(decision.windows or []))
    code, new = (FIXED, json.dumps(as_pairs(windows))) if windows else (NONE, "no such moment")
    old = json.dumps(as_pairs(sample.windows))
    repair = Repair(code, old, f"{new}, by {decision.who}, {decision.when}")
    extra = {key: value for key, value in sample.extra.items() if key != NO_MOMENT}
    return msgspec.structs.replace(
        sample,
        windows=windows,
        labelled=True,
        repairs=(*sample.repairs, repair),
        extra=extra if windows else extra | {NO_MOMENT: True},
    )


def _dropped(before: Mapping[str, Sample], decisions: Mapping[str, Decision]) -> Iterator[Drop]:
    for name, decision in decisions.items():
        if decision.decision == "drop":
            sample = before[name]
            detail = f"by {decision.who}, {decision.when}{f': {decision.note}' if decision.note else ''}"
            raw = json.dumps([sample.query, as_pairs(sample.windows)])
            yield Drop(corpus=sample.corpus, origin=sample.origin, reason="label_dropped", detail=detail, raw=raw)


def _told(sample: Sample, decision: Decision, label: object) -> dict[str, object]:
    return {
        "sample_id": sample.sample_id, "decision": decision.decision, "windows": decision.windows or [],
        "before": as_pairs(sample.windows), "who": decision.who, "when": decision.when, "note": decision.note,
        "label": decision.label or label,
    }  # fmt: skip


def _wrong(controls: Path, queue: set[str], decisions: Mapping[str, Decision]) -> WrongShare | None:
    """The share of wrong labels in the pool, where the rows drawn at random are known."""
    if not outside.is_file(controls):
        return None
    rows = read_parquet(controls, needs=("sample_id", "pool"))
    drawn = {row["sample_id"] for row in rows}
    judged = {name: _changes(decision) for name, decision in decisions.items()}
    return wrong_share.estimate(queue - drawn, drawn, judged, rows[0]["pool"] if rows else 0)
