"""The choices of `--metrics`: named sets of metrics, and scores. Each gives a value per sample; a metric is their mean.

Every choice starts with mIoU and R1@0.3, 0.5, 0.7 of the answer. NaN means that a metric does not apply to a sample,
which is then left out of the mean (a length range without a true window, highlights without labels). Where some samples
are known to have no moment, every choice also has the shares of refusals, and grounding is that of the other samples.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import plugins
from vtgdata.metrics import grounding, highlights, qa, refusals, set_metrics, window_sets
from vtgdata.metrics.answered import Answered
from vtgdata.metrics.answers import as_answers
from vtgdata.metrics.flat import as_array
from vtgdata.metrics.metric_set import MetricSet, Values, table_of_answers
from vtgdata.metrics.ranked_moments import moments
from vtgdata.metrics.truths import as_truths
from vtgdata.metrics.window_table import answer_iou
from vtgdata.records import Sample
from vtgdata.records.windows import Array


def values(name: str, answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    """The value of every metric of the named sets and scores, for every sample.

    Args:
        name: names of the sets and scores, separated by commas.
        answers: n answers, one for each sample, in order.
        samples: n samples.
        thresholds: IoU thresholds of R1 (and R5, F1); empty for 0.3, 0.5 and 0.7.
    """
    chosen = sets_of(name)
    read = answers = as_answers(answers)
    samples = as_truths(samples)
    if any(each.ranked for each in chosen):
        answers = answers.as_ranked
    thresholds = tuple(thresholds) or grounding.THRESHOLDS
    of = table_of_answers(answers, samples)
    ious = window_sets.both_merged_iou(of) if any(each.of_sets for each in chosen) else answer_iou(of)
    base = {"mIoU": ious} | {f"R1@{t:g}": (ious >= t).astype(np.float64) for t in thresholds}
    absent = samples.absent
    base = _present(base, absent)
    for each in chosen:
        own = each.extra(answers, samples, thresholds)
        base |= own if each.absent_too else _present(own, absent)
    return base | refusals.shares(answers, absent) | _scores(scores_of(name), read, samples)


def _present(values: Values, absent: NDArray[np.bool_]) -> Values:
    """The values of samples that have a moment; NaN for the others, which are no matter of where it lies."""
    return {name: np.where(absent, np.nan, array) for name, array in values.items()} if absent.any() else values


def _scores(names: Sequence[str], answers: Sequence[Answered], samples: Sequence[Sample]) -> Values:
    """Values of score plug-ins; a missing answer scores 0 if the score applies to the sample. Returns (n,) by name."""
    if not names:
        return {}
    read = [answer.for_scores(sample.video.duration) for answer, sample in zip(answers, samples, strict=True)]
    return {name: plugins.load("scores", name).score(read, samples) for name in names}


def named(name: str, samples: Sequence[Sample]) -> str:
    """The sets and scores to use: those named, else the set of the samples' corpus, else `moments`.

    Raises VtgError for an unknown name, and for sets that contradict each other: one takes several windows for ranked
    guesses, another for one answer.
    """
    if name:
        names = list(dict.fromkeys(part.strip() for part in name.split(",")))
        for each in names:
            _check(each)
        name = ",".join(names)
        if len({each.ranked for each in sets_of(name)}) > 1:
            raise VtgError(
                f"--metrics {name}: these sets do not go together: {_joined(True)} take several windows for guesses, "
                f"best first, {_joined(False)} for one answer. Evaluate twice."
            )
        return name
    corpora = set(as_truths(samples).columns.corpora)
    for known, each in SETS.items():
        if corpora and corpora <= set(each.corpora):
            return known
    return "moments"


def _joined(ranked: bool) -> str:
    return ", ".join(name for name, each in SETS.items() if each.ranked == ranked)


def _check(name: str) -> None:
    """Raise VtgError unless a name is a set, a score, or the dotted path of a score."""
    scores = plugins.names("scores")
    if name in SETS:
        return
    if name not in scores and not ("." in name and all(part.isidentifier() for part in name.split("."))):
        raise VtgError(f"--metrics {name!r} is no set of metrics and no score; {did_you_mean(name, [*SETS, *scores])}.")
    plugins.load("scores", name)


def sets_of(name: str) -> list[MetricSet]:
    """The metric sets among names separated by commas."""
    return [SETS[each] for each in name.split(",") if each in SETS]


def scores_of(name: str) -> list[str]:
    """The scores among names separated by commas.

    >>> scores_of("moments,giou,support_f1")
    ['giou', 'support_f1']
    """
    return [each for each in name.split(",") if each and each not in SETS]


def shown(name: str, values: Values) -> list[str]:
    """The metrics to show: all of a small set, some of a large one; if only scores are named, these and mIoU."""
    chosen, scores = sets_of(name), scores_of(name)
    more = [metric for metric in refusals.SHARES if metric in values]
    if not chosen:
        return ["mIoU", *more, *scores]
    if all(each.shown for each in chosen):
        named = dict.fromkeys((*(m for each in chosen for m in each.shown), *more, *scores))
        return [metric for metric in named if metric in values]
    return [metric for metric in values if metric not in NO_SHARES]


NO_SHARES = ("count_error",)
"""Metrics that are numbers of windows and no shares, which tables of per cent leave out."""


def _columns(rows: Sequence[Mapping[str, float]]) -> Values:
    if not rows:
        return {}
    return {name: np.array([row[name] for row in rows], dtype=np.float64) for name in rows[0]}


def _moments(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    del answers, samples, thresholds
    return {}


def _more(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    """mIoP, and recalls with the strict test (IoU > threshold)."""
    of = table_of_answers(answers, samples)
    ious = answer_iou(of)
    return {"mIoP": grounding.answer_iop(of)} | {f"R1>{t:g}": (ious > t).astype(np.float64) for t in thresholds}


def _top(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    """R5, and R1 and R5 with the strict test (IoU > threshold) of Ego4D-NLQ's code."""
    rows: list[dict[str, float]] = []
    for answer, truth in zip(answers, as_truths(samples).windows.arrays, strict=True):
        ious = grounding.best_ious(answer.windows[:5], truth)
        best = {1: ious[:1].max(initial=0.0), 5: ious.max(initial=0.0)}
        rows.append(
            {f"R5@{t:g}": float(best[5] >= t) for t in thresholds}
            | {f"R{k}>{t:g}": float(iou > t) for k, iou in best.items() for t in thresholds}
        )
    return _columns(rows)


def _qvhighlights(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    del thresholds
    truths = as_truths(samples).windows.arrays
    found = moments([answer.windows for answer in answers], [answer.confidence for answer in answers], truths)
    # If no answer has saliency scores, highlight metrics do not apply; if some have, the others score 0.
    if as_answers(answers).have_saliency:
        found |= _columns([_saliency(answer, sample) for answer, sample in zip(answers, samples, strict=True)])
    return found


def _saliency(answer: Answered, sample: Sample) -> dict[str, float]:
    clips, scores = sample.extra.get("relevant_clip_ids"), sample.extra.get("saliency_scores")
    if not clips or not scores or sample.video.duration is None:
        return {f"HL-min-{level}-{kind}": float("nan") for level in highlights.LEVELS for kind in ("mAP", "Hit1")}
    labels = highlights.clip_labels(sample.video.duration, np.array(clips), np.array(scores, dtype=np.float64))
    if answer.saliency is None:
        return {f"HL-min-{level}-{kind}": 0.0 for level in highlights.LEVELS for kind in ("mAP", "Hit1")}
    return highlights.saliency(np.nan_to_num(answer.saliency, nan=-np.inf), labels)


def _didemo(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    del thresholds
    rows = [grounding.didemo(answer.windows, _times(sample)) for answer, sample in zip(answers, samples, strict=True)]
    names = ("DiDeMo-rank1", "DiDeMo-rank5", "DiDeMo-mIoU")
    return _columns([dict(zip(names, row, strict=True)) for row in rows])


def _times(sample: Sample) -> Array:
    """The chunks of every annotator; if the sample has no annotators, each of its windows stands for one."""
    annotators = sample.extra.get("annotators")
    windows = np.array(annotators, dtype=np.float64) if annotators else as_array(sample.windows)
    return grounding.chunks(windows).astype(float)


def _nextgqa(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    del thresholds
    right = [qa.right_option(answer.option, sample) for answer, sample in zip(answers, samples, strict=True)]
    return qa.grounded(table_of_answers(answers, samples), np.array(right, dtype=bool))


def _clips(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    """The mAP of highlights from clip labels: TVSum's if a clip has several raters, else YouTube-Highlights'."""
    del thresholds
    return {"HL-mAP": np.array([_clip_map(a, s) for a, s in zip(answers, samples, strict=True)], dtype=np.float64)}


def _clip_map(answer: Answered, sample: Sample) -> float:
    label: Any = sample.extra.get("label")
    if not label:
        return float("nan")
    labels = np.array(label, dtype=np.float64).reshape(len(label), -1)
    if answer.saliency is None:
        return 0.0
    # UMT cuts scores and labels to the shorter of the two; here a clip without a score is ranked last.
    scores = np.full(len(labels), -np.inf)
    scores[: len(answer.saliency)] = np.nan_to_num(answer.saliency[: len(labels)], nan=-np.inf)
    if labels.shape[1] > 1:
        return highlights.tvsum_map(scores, labels)
    return highlights.youtube_map(scores, labels[:, 0])


SETS = {
    "moments": MetricSet(_moments),
    "moments_all": MetricSet(_more),
    "ranked": MetricSet(_top, ("ego4d_nlq",), ranked=True),
    "qvhighlights": MetricSet(
        _qvhighlights,
        ("qvhighlights",),
        ranked=True,
        shown=(
            "mIoU", "MR-full-R1@0.5", "MR-full-R1@0.7", "MR-full-mAP", "MR-short-mAP", "MR-middle-mAP", "MR-long-mAP",
            "HL-min-VeryGood-mAP", "HL-min-VeryGood-Hit1",
        ),
    ),
    "didemo": MetricSet(_didemo, ("didemo",), ranked=True),
    "nextgqa": MetricSet(_nextgqa, ("nextgqa",)),
    "multi": MetricSet(set_metrics.multi, ("museg",), of_sets=True),
    "vue_tr": MetricSet(set_metrics.vue_tr, ("vue_tr",), of_sets=True, absent_too=True),
    "vue_tr_v2": MetricSet(set_metrics.vue_tr, ("vue_tr_v2",), of_sets=True, absent_too=True),
    "omtg": MetricSet(set_metrics.omtg, ("omtg_bench",), of_sets=True, absent_too=True),
    "momentseeker": MetricSet(set_metrics.moment_seeker, ("momentseeker",), of_sets=True),
    "extremewhenbench": MetricSet(set_metrics.extreme_when, ("extremewhenbench",), ranked=True),
    "rextime": MetricSet(set_metrics.rextime, ("rextime",), ranked=True),
    "cgbench": MetricSet(set_metrics.cg_bench, ("cgbench",), of_sets=True),
    "na_vmr": MetricSet(set_metrics.na_vmr, ("na_vmr",), ranked=True, absent_too=True),
    "highlights": MetricSet(_clips, ("tvsum", "youtube_highlights"), shown=("HL-mAP",)),
}  # fmt: skip
