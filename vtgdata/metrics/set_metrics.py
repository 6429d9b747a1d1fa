"""Sets of metrics for queries that happen several times or not at all: ours, and those of the benchmarks of 2026.

Each function gives the per-sample values whose means are the benchmark's own numbers: shares, which `official` prints
as the benchmark rounds them. They follow the official code where it is at hand (sources beside each).
"""

from collections.abc import Sequence

import numpy as np

from vtgdata.metrics import grounding, qa, window_sets
from vtgdata.metrics.answered import Answered, given_windows
from vtgdata.metrics.flat import as_array
from vtgdata.metrics.metric_set import Values, table_of_answers
from vtgdata.metrics.vue_tr import vue_tr_aucs
from vtgdata.metrics.window_table import best, ratio, shared, supports, table_of, tiou_array
from vtgdata.records import Sample
from vtgdata.records.windows import Array

CLUES_AT = (0.1, 0.2, 0.3, 0.4, 0.5)
"""IoU thresholds over which CG-Bench averages."""


def multi(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    """Both set IoUs, covered time, F1 of matched windows, and the number of windows; `best_window` is not of sets.

    `best_window` compares a single window with the best true one, and was called mIoU before: beside sets it is
    too kind, since an answer that finds one of three moments has found one.
    """
    of = table_of_answers(answers, samples)
    merged, n = supports(of), len(samples)
    both = shared(merged)
    found = {
        "best_window": window_sets.best_window(of),
        "mIoU-both-merged": window_sets.both_merged_iou(merged),
        "mIoU-prediction-merged": window_sets.prediction_merged_iou(of),
        "precision-time": ratio(both, merged.said.length),
        "recall-time": ratio(both, merged.true.length),
        "F1-time": grounding.covered_f1(merged),
    }
    found |= {f"F1@{t:g}": grounding.matching_f1(of, t) for t in thresholds}
    count = (of.said.sizes == of.true.sizes) & (of.true.sizes > 0)
    error = np.where(of.true.sizes > 0, window_sets.count_error(of), np.nan)
    return found | {"count": count.astype(np.float64), "count_error": error.reshape(n)}


def vue_tr(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    """The areas under the curves of VUE-TR and VUE-TR-V2; see `metrics.vue_tr`."""
    del thresholds
    return vue_tr_aucs([given_windows(answer) for answer in answers], samples)


def omtg(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    """OMTG Bench: C-Acc, tIoU, tP, tR and tF1 at each threshold, and EtF1 = C-Acc times the mean tF1, row by row.

    A window whose end is not after its start is none, as in OMTG's parser. Where truth and answer are both empty all
    is 1 except tIoU, which is 0. Source: VLMEvalKit at e8e78f0, vlmeval/dataset/omtgbench.py.
    """
    del thresholds
    said = [answer.said[~np.isnan(answer.said).any(axis=1)] for answer in answers]
    of = table_of(said, [as_array(sample.windows) for sample in samples])
    ious = window_sets.matched_ious(of)
    nothing = np.array([sample.none_is_right for sample in samples], dtype=bool) & (of.said.sizes == 0)
    answered = of.true.sizes > 0
    right = np.where(answered, window_sets.count_right(of), 0.0)
    found: Values = {"C-Acc": np.where(nothing, 1.0, right), "tIoU": window_sets.both_merged_iou(of)}
    f1 = np.zeros((len(window_sets.MATCHED_AT), len(samples)))
    for row, t in enumerate(window_sets.MATCHED_AT):
        hits = np.array([np.count_nonzero(each >= t) for each in ious], dtype=np.float64).reshape(len(samples))
        f1[row] = np.where(nothing, 1.0, window_sets.matched_f1(of, ious, t))
        found[f"tP@{t:g}"] = np.where(nothing, 1.0, ratio(hits, of.said.sizes.astype(np.float64)))
        found[f"tR@{t:g}"] = np.where(nothing, 1.0, ratio(hits, of.true.sizes.astype(np.float64)))
        found[f"tF1@{t:g}"] = f1[row]
    return found | {"EtF1": found["C-Acc"] * f1.mean(axis=0)}


def moment_seeker(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    """MomentSeeker as the LLM papers of 2026 report it: mean set IoU with the answer joined, and its recalls.

    Rows without a true window do not count, as in TimeLens2's evaluator (a5ce450). The benchmark's own Recall@1 and
    MAP@5 rank candidate clips that its file gives for each question; they need that file.
    """
    of = table_of_answers(answers, samples)
    ious = np.where(of.true.sizes > 0, window_sets.prediction_merged_iou(of), np.nan)
    recalls = {f"set R@{t:g}": np.where(np.isnan(ious), np.nan, ious >= t) for t in thresholds}
    return {"set mIoU": ious} | recalls


def first_window(answers: Sequence[Answered], samples: Sequence[Sample], *, swapped: bool) -> Array:
    """IoU of the first window of each answer with the best true one, as published.

    Args: swapped: whether a reversed window is turned round. Returns: (n,) in [0, 1].
    """
    said = [given_windows(answer)[:1] for answer in answers]
    if swapped:
        said = [np.sort(each, axis=1) for each in said]
    of = table_of(said, [published(sample) for sample in samples])
    with np.errstate(invalid="ignore"):
        return best(of, lambda a, b, _: np.where(a[:, 0] < a[:, 1], tiou_array(a, b), 0.0))


def published(sample: Sample) -> Array:
    """The true windows as the corpus publishes them where the reader kept these, else as repaired. Returns (k, 2)."""
    kept = sample.extra.get("published_windows")
    return as_array(sample.windows) if kept is None else np.array(kept, dtype=np.float64).reshape(-1, 2)


def extreme_when(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    """ExtremeWhenBench: IoU of the one window, turned round if it is reversed, its recalls, and what was not parsed.

    Source: naver-ai/ExtremeWhenbench at 6d00ed8, and its lmms-eval task; the two differ in how they read texts, which
    `--parser extremewhenbench` and `--parser extremewhenbench:task=lmms_eval` do.
    """
    ious = first_window(answers, samples, swapped=True)
    unparsed = [float(not len(given_windows(answer))) for answer in answers]
    found = {"EWB-mIoU": ious} | {f"EWB-R1@{t:g}": (ious >= t).astype(np.float64) for t in thresholds}
    return found | {"parsed": 1.0 - np.array(unparsed, dtype=np.float64)}


def rextime(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    """ReXTime: the first window's IoU and recalls, accuracy of the option, and both at IoU 0.5 together.

    The right letter may be in `extra.ans`, since ReXTime's file has no options. Samples without one have no accuracy.
    Source: ReXTime at cb9f484, evaluation/rextime_eval.py.
    """
    ious = first_window(answers, samples, swapped=False)
    found = {"MR-mIoU": ious} | {f"MR-R1@{t:g}": (ious >= t).astype(np.float64) for t in thresholds}
    right = _right_options(answers, samples)
    return found | {"VQA": right, "VQA,mIoU@0.5": np.where(np.isnan(right), np.nan, right * (ious >= 0.5))}


def cg_bench(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    """CG-Bench: IoU of merged clues, rec.@IoU over five thresholds, accuracy, and acc.@IoU with the option right too.

    An answer without any window is not in the denominators of mIoU, rec. and acc.@IoU, as in the official code
    (CG-Bench at f826608, run/stat_with_key.py); one without an option not in those of the accuracies.
    """
    del thresholds
    of = table_of_answers(answers, samples)
    ious = np.where(of.said.sizes > 0, window_sets.both_merged_iou(of), np.nan)
    reached = np.mean([np.where(np.isnan(ious), np.nan, ious >= t) for t in CLUES_AT], axis=0)
    right = _right_options(answers, samples)
    told = np.array([answer.option is not None for answer in answers], dtype=bool)
    right = np.where(told, right, np.nan)
    return {"clue mIoU": ious, "rec.@IoU": reached, "long acc.": right, "acc.@IoU": right * reached}


def na_vmr(answers: Sequence[Answered], samples: Sequence[Sample], thresholds: Sequence[float]) -> Values:
    """NA-VMR: rejection accuracy on samples without a moment, and the strict recall (IoU > threshold) on the others.

    Every answer that names no window rejects its query, as in the official code; a rejected positive is a miss.
    Source: keflanagan/MomentofUntruth at ac2adcd, negative_aware_results.py.
    """
    ious = first_window(answers, samples, swapped=False)
    absent = np.array([sample.none_is_right for sample in samples], dtype=bool)
    rejected = np.array([not len(given_windows(answer)) for answer in answers], dtype=np.float64)
    found = {"rejection accuracy": np.where(absent, rejected, np.nan)}
    return found | {f"R1>{t:g}": np.where(absent, np.nan, ious > t) for t in thresholds}


def _right_options(answers: Sequence[Answered], samples: Sequence[Sample]) -> Array:
    """Whether each option is right. Returns: (n,) of 0.0 and 1.0, NaN for a sample without a right option."""
    return np.array([_right(answer, sample) for answer, sample in zip(answers, samples, strict=True)], dtype=np.float64)


def _right(answer: Answered, sample: Sample) -> float:
    if sample.answer is not None:
        return float(qa.right_option(answer.option, sample))
    letter = sample.extra.get("ans")
    return np.nan if letter is None else float(answer.option == letter)
