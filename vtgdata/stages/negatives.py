"""negatives: add samples whose query has no moment in their video, so that refusing can be learnt and scored.

Each is a video of the samples with a query that its annotation does not hold: a sentence of another video, a near one,
or its own with a thing changed (`--grade`; see `annotations.negatives`). A query is left out where the video's own
sentences, or the texts of `--known` (scripts, objects, action classes), hold its words, so that none is known to be
true. The rest is `unverified`, for an annotator does not write down all that a video shows: give the answers of a model
that looked (`--judged`), and what it found is left out.

    vtgdata negatives --samples data/samples.parquet --known Charades_v1_train.csv --out first
    vtgdata evaluate --samples first/samples.parquet --where none_is_right --prompt ground_or_none --model ... --out e
    vtgdata negatives --samples data/samples.parquet --known Charades_v1_train.csv --judged e/rollouts.parquet --out o

The same seed makes the same queries, so that the answers of the second command judge those of the third. Words are told
apart in English alone (`annotations.content_words`).
"""

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec

from vtgdata.annotations import licences, negatives
from vtgdata.annotations.benchmarks import is_benchmark
from vtgdata.annotations.known_texts import known_texts
from vtgdata.annotations.negatives import GRADES, Negative, Texts
from vtgdata.conversation.answer_absence import says_none
from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import read_samples, write_drops, write_samples
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.records import Drop, Sample

Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of negatives."""

    samples: str
    """The samples whose videos get queries without a moment: a samples.parquet."""
    out: str
    """Folder for samples.parquet (the samples, and the new ones behind them) and drops.parquet."""
    where: str = ""
    """Take only rows that meet this SQL condition, as in split == 'train'; the others are not in the result."""
    grades: list[str] = msgspec.field(default_factory=lambda: list(GRADES))
    """Grade of the queries, from easy to hard: other_video, near or changed; may be given several times, all three by
    default, as many of each."""
    share: Share = 0.2
    """Share of the samples written that have no moment, in [0, 1); fewer where not enough queries are found."""
    known: list[str] = msgspec.field(default_factory=list[str])
    """File with more that is known of the videos, such as Charades_v1_train.csv (script, objects): csv, tsv or JSON
    with a column of video ids; all other texts of a row are what its video holds. May be given several times."""
    classes: str = ""
    """File with a code and its words in each line (c092 Opening a window), for codes in the files of --known."""
    judged: list[str] = msgspec.field(default_factory=list[str])
    """Answers of a model that saw the videos, a rollouts.parquet: a query to which most of them name a moment is left
    out, the other answered ones are judged. May be given several times."""
    alone: bool = False
    """Write only the new samples."""
    benchmarks_too: bool = False
    """Use rows of benchmark splits as well."""
    seed: int = 0
    """Seed of the choices."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """How many samples have a moment, and how many new ones have none."""

    positives: int
    negatives: int
    grades: dict[str, int]
    """{grade: new samples}."""
    share: float
    """Share of the samples written that have no moment."""
    verified: dict[str, int]
    """{judged or unverified: new samples}."""
    reasons: dict[str, int]
    """{why a query was left out, or none was found: number}."""
    benchmark_rows: int
    """Rows of benchmark splits, for which no query was made."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Make the queries; write samples.parquet and drops.parquet.

    Raises VtgError for an unknown grade, and for files without a sample that has a moment.
    """
    for grade in settings.grades:
        if grade not in GRADES:
            raise VtgError(f"--grade {grade}: {did_you_mean(grade, GRADES)}.")
    if not settings.grades:
        raise VtgError("--grade: name at least one of other_video, near and changed.")
    with Step(
        "negatives",
        settings,
        Summary,
        code=[__name__],
        inputs=[settings.samples, *settings.known, *([settings.classes] if settings.classes else []), *settings.judged],
    ) as step:
        if (done := step.up_to_date()) is not None:
            return done
        samples = read_samples(settings.samples, where=settings.where or None)
        usable, protected = _usable(samples, settings)
        texts = Texts(usable, known_texts([Path(path) for path in settings.known], settings.classes))
        made, drops = _made(usable, texts, settings, {sample.sample_id for sample in samples})
        kept, left_out = _judged(made, _verdicts(settings.judged))
        out = step.start()
        write_samples(out / "samples.parquet", kept if settings.alone else [*samples, *kept])
        write_drops(out / "drops.parquet", [*drops, *left_out])
        summary = Summary(
            positives=len(samples),
            negatives=len(kept),
            grades=dict(Counter(str(sample.extra["negative"]) for sample in kept)),
            share=len(kept) / (len(kept) + (0 if settings.alone else len(samples))) if kept else 0.0,
            verified=dict(Counter(str(sample.extra["verified"]) for sample in kept)),
            reasons=dict(Counter(drop.reason for drop in (*drops, *left_out))),
            benchmark_rows=protected,
            out=settings.out,
        )
        return step.finish(summary, ["samples.parquet", "drops.parquet"])


def _usable(samples: Sequence[Sample], settings: Settings) -> tuple[list[Sample], int]:
    """The samples to make queries for, and how many are left alone since their split is a benchmark."""
    there = [sample for sample in samples if sample.windows and not negatives.wordless(sample.query)]
    kept = [s for s in there if settings.benchmarks_too or not is_benchmark(s.corpus, s.split)]
    if not kept:
        raise VtgError(
            f"{settings.samples}: none of its {len(samples):,} rows has a moment and is of no benchmark split. Name "
            "other rows with --where, or say --benchmarks-too."
        )
    # In the order of ids, so that the order of the rows changes nothing.
    return sorted(kept, key=lambda sample: sample.sample_id), len(there) - len(kept)


def _made(
    usable: Sequence[Sample], texts: Texts, settings: Settings, taken: set[str]
) -> tuple[list[Sample], list[Drop]]:
    """New samples, as many of each grade, and a drop for each query that was looked for and not found."""
    wanted = round(settings.share / (1 - settings.share) * len(usable))
    made: list[Sample] = []
    drops: list[Drop] = []
    for place, grade in enumerate(settings.grades):
        most = wanted // len(settings.grades) + (place < wanted % len(settings.grades))
        order = list(usable)
        random.Random(f"{settings.seed} {grade}").shuffle(order)
        found = 0
        for sample in order:
            if found == most:
                break
            rng = random.Random(f"{settings.seed} {grade} {sample.sample_id}")
            query = GRADES[grade](sample, texts, rng)
            if query is None:
                detail = f"no {grade} query was found that the texts of {sample.video.video_id} do not hold"
                drops.append(_dropped(sample, "no_such_query", detail, sample.query))
                continue
            new = _sample(sample, query, grade, texts)
            if new.sample_id not in taken:
                taken.add(new.sample_id)
                made.append(new)
                found += 1
    return made, drops


def _sample(sample: Sample, query: Negative, grade: str, texts: Texts) -> Sample:
    digest = hashlib.sha256("\x00".join((sample.video.video_id, query.query)).encode(errors="surrogatepass"))
    extra: dict[str, Any] = {"negative": grade, "of": sample.sample_id, "from": query.donor, "verified": "unverified"}
    return Sample(
        sample_id=f"{sample.corpus}:none_{digest.hexdigest()[:16]}",
        corpus=sample.corpus,
        split=sample.split,
        video=sample.video,
        query=query.query,
        windows=(),
        none_is_right=True,
        label_version=sample.label_version,
        license=licences.joined((sample.license, texts.licence(query.donor))),
        origin=f"negatives:{grade}:{sample.sample_id}",
        extra=extra | ({"changed": query.changed} if query.changed else {}),
    )


def _verdicts(paths: Sequence[str]) -> dict[str, list[bool]]:
    """{sample id: whether each of a judge's answers names a moment}; failed answers are none."""
    found: dict[str, list[bool]] = defaultdict(list)
    for path in paths:
        for row in read_parquet(path, needs=("sample_id", "text", "windows", "parse_status", "error")):
            if row["error"] is not None:
                continue
            named = bool(row["windows"]) and row["parse_status"] in (None, "ok")
            if named or says_none(row["text"], row["parse_status"] or "ok"):
                found[row["sample_id"]].append(named)
    return found


def _judged(made: Iterable[Sample], verdicts: Mapping[str, list[bool]]) -> tuple[list[Sample], list[Drop]]:
    """The samples that no judge found a moment for, with whether one looked, and drops of the others."""
    kept: list[Sample] = []
    drops: list[Drop] = []
    for sample in made:
        named = verdicts.get(sample.sample_id, [])
        if 2 * sum(named) > len(named):
            detail = f"{sum(named)} of {len(named)} answers of the judge name a moment"
            drops.append(_dropped(sample, "judge_finds_it", detail, sample.query))
            continue
        extra = sample.extra | ({"verified": "judged"} if named else {})
        kept.append(msgspec.structs.replace(sample, extra=extra))
    return kept, drops


def _dropped(sample: Sample, reason: str, detail: str, raw: str) -> Drop:
    return Drop(corpus=sample.corpus, origin=sample.origin or sample.sample_id, reason=reason, detail=detail, raw=raw)
