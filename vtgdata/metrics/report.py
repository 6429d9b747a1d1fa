"""Report of an evaluation on one set of answers: counts, metrics, intervals, parts; and the comparison of two sets."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata.files import live
from vtgdata.files.samples import SampleTable
from vtgdata.files.schemas import Row
from vtgdata.metrics import baselines, breakdown, intervals, official, other_truth, refusals, sets
from vtgdata.metrics.answered import Answered
from vtgdata.metrics.answers import as_answers, of_flat
from vtgdata.metrics.baselines import Guesser
from vtgdata.metrics.cluster_means import Clusters
from vtgdata.metrics.judging import Judged, counts
from vtgdata.metrics.other_truth import Estimate, Others
from vtgdata.metrics.truths import Truths, as_truths
from vtgdata.records import Sample
from vtgdata.records.windows import Array


class Scored(msgspec.Struct, kw_only=True):
    """Results of the evaluation, before they are written."""

    reports: list[dict[str, Any]] = []
    rows: list[Row] = []
    """Of what models answered; those of a file's answers are in `judged`."""
    judged: list[Judged] = []
    """The sighted answers of each report, in the order of `reports`."""
    values: list[sets.Values] = []
    """Metrics of each entry of `judged`, per sample."""
    file: dict[str, Any] = {}
    """Facts about the file of predictions, with its problems; see `problems.file_facts`."""
    failure: str | None = None
    """Message for the user if more samples failed than --max-failed allows."""


class Ruler(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What answers are scored with: the samples, and the metrics chosen."""

    samples: Sequence[Sample]
    metrics: str
    """Names of metric sets and scores, separated by commas."""
    thresholds: tuple[float, ...] = ()
    """IoU thresholds; empty for 0.3, 0.5 and 0.7."""
    by: tuple[str, ...] = ()
    """Keys of `extra` to break scores down by, besides the usual ways."""

    @cached_property
    def _rounds(self) -> live.Work:
        """Rounds of scoring: the answers, the same against other truths, each guess."""
        return live.Work(f"rounds of scoring {len(self.samples):,} answers")

    @property
    def sources(self) -> Clusters:
        """The source of each sample, which is its cluster for intervals."""
        return self.truths.clusters

    @cached_property
    def others(self) -> Others | None:
        """The other truths that all answers are scored against; None where all samples are of one source."""
        return other_truth.draw(self.truths)

    @cached_property
    def truths(self) -> Truths:
        """The samples with their columns, for all rounds."""
        return Truths(self.samples)

    @cached_property
    def seen_at_most(self) -> dict[str, float]:
        """{metric: `seen` of perfect answers}, only for metrics that depend on the windows of an answer."""
        if self.others is None:
            return {}
        of = self.truths
        truths = of_flat(of.windows, option=of.columns.answers, says_none=of.absent)
        found = self._seen(truths, self._scored(truths, self.truths))
        depends = {name: each.seen for name, each in found.items() if each.seen.others != each.seen.score}
        return {name: each.seen for name, each in depends.items() if each.seen == each.seen}

    @property
    def scores(self) -> list[str]:
        """The score plug-ins among the metrics."""
        return sets.scores_of(self.metrics)

    def stored(self, values: sets.Values, part: slice) -> list[list[Row] | None]:
        """Some samples' scores as rollouts.parquet stores them, only those that apply; None if no score was chosen."""
        columns = {name: values[name][part].tolist() for name in self.scores}
        n = len(range(*part.indices(len(self.samples))))
        if not columns:
            return [None] * n
        return [
            [{"name": name, "value": column[i]} for name, column in columns.items() if column[i] == column[i]]
            for i in range(n)
        ]

    def values(self, judged: Judged) -> sets.Values:
        """The value of every metric for every sample."""
        return self._scored(judged.answers, self.truths)

    def ious(self, judged: Judged, values: sets.Values) -> Array:
        """The IoU of each answer as files store it: 1 or 0, whether it says so, where there is no moment."""
        right = self.truths.absent & refusals.refused(judged.answers)
        return np.where(np.isnan(values["mIoU"]), right, values["mIoU"])

    def _scored(self, answers: Sequence[Answered], samples: Sequence[Sample], metrics: str = "") -> sets.Values:
        found = sets.values(metrics or self.metrics, answers, samples, self.thresholds)
        self._rounds.done += 1
        return found

    def _seen(self, answers: Sequence[Answered], values: sets.Values, metrics: str = "") -> dict[str, Estimate]:
        if self.others is None:
            return {}
        # Highlights are about clips, not windows; without saliency they are not scored again and again.
        bare = as_answers(answers).without_saliency
        return other_truth.seen(values, lambda samples: self._scored(bare, samples, metrics), self.others)

    def seen(self, judged: Judged, values: sets.Values, metrics: str = "") -> dict[str, Estimate]:
        """What of each metric other videos' truths would not give; see `other_truth`. Args: metrics: only of these."""
        found = self._seen(judged.answers, values, metrics)
        return {name: each for name, each in found.items() if name in self.seen_at_most}

    def describe(self, judged: Judged, values: sets.Values, seen: Mapping[str, Estimate]) -> dict[str, Any]:
        """Counts, metrics (fractions), their 95 % intervals, and the metrics when only the asked form counts."""
        strict = judged.strict()
        in_form = None if strict is None else self._scored(strict, self.truths)
        found = refusals.report(judged.answers, self.truths, self.sources)
        return (
            counts(judged, self.truths)
            | ({} if found is None else {"refusals": found})
            | {
                "metrics": means(values),
                "applies_to": _applies_to(values),
                "intervals": intervals.clustered_all(values, self.sources),
                "seen": self._told(seen),
                "sources": self.each_source(values),
                "strict_metrics": None if in_form is None else means(in_form),
            }
        )

    def in_short(self, judged: Judged, values: sets.Values, seen_of: str = "") -> dict[str, Any]:
        """Metrics and `seen`, with their intervals. Args: seen_of: metrics of which `seen` is told; empty for all."""
        bounds, seen = intervals.clustered_all(values, self.sources), self.seen(judged, values, seen_of)
        return {"metrics": means(values), "intervals": bounds, "seen": self._told(seen)}

    def _told(self, seen: Mapping[str, Estimate]) -> dict[str, Any]:
        most = self.seen_at_most
        return {name: msgspec.to_builtins(each.seen) | {"at_most": most[name]} for name, each in seen.items()}

    def each_source(self, values: sets.Values) -> dict[str, dict[str, Any]] | None:
        """Number of samples and the metrics shown of each source, where there are too few for a p-value; else None."""
        if len(self.sources.names) >= intervals.LEAST_SOURCES:
            return None
        return breakdown.by_part(self.shown(values), self.sources)

    def looking(self, sighted: Mapping[str, Estimate], blind: Mapping[str, Estimate]) -> dict[str, dict[str, Any]]:
        """`seen` with the video minus `seen` without it, for mIoU and the metrics shown: what looking gives."""
        names = [name for name in ("mIoU", *self.shown({n: e.values for n, e in sighted.items()})) if name in sighted]
        if not names:
            return {}
        differences = np.stack([sighted[name].values - blind[name].values for name in names], axis=1)
        found = intervals.differences_of(differences, self.sources)
        return {name: msgspec.to_builtins(each) for name, each in zip(names, found, strict=True)}

    def shown(self, values: sets.Values) -> sets.Values:
        """The most important metrics, if a set has too many to show all."""
        return {name: values[name] for name in sets.shown(self.metrics, values) if name in values}

    def parts(self, values: sets.Values) -> dict[str, dict[str, Any]]:
        """The scores of parts of the samples."""
        return breakdown.break_down(self.shown(values), self.truths, self.by)

    def official(self, values: sets.Values) -> dict[str, Any] | None:
        """The report in the form of the benchmark's own scorer, or None if it has none."""
        found = (official.official(name, values, self.samples) for name in self.metrics.split(","))
        return next((report for report in found if report is not None), None)

    def compare(self, first: sets.Values, second: sets.Values) -> dict[str, dict[str, Any]]:
        """First minus second, for mIoU and the metrics shown: difference, its 95 % interval, p and n."""
        chosen = {"mIoU": first["mIoU"]} | self.shown(first)
        both = {name: array for name, array in chosen.items() if name in second}
        found = intervals.paired_all(both, second, self.sources)
        return {name: msgspec.to_builtins(difference) for name, difference in found.items()}

    def difference(self, first: sets.Values, second: sets.Values) -> dict[str, Any]:
        """First minus second in mIoU, with its interval and p-value, and under `metrics` those of all metrics."""
        found = self.compare(first, second)
        main = found["mIoU"]
        return {"mIoU": main["difference"], "low": main["low"], "high": main["high"], "p": main["p"], "metrics": found}

    def baselines(self, training: Sequence[Sample] | None) -> dict[str, dict[str, Any]]:
        """Scores of the baselines, which guess without looking; each with its windows and what it was fitted on.

        Args: training: samples to fit them on; None for the evaluated ones themselves.
        """
        found: dict[str, dict[str, Any]] = {}
        same: list[tuple[Guesser, dict[str, Any]]] = []
        for name, fit in baselines.BASELINES.items():
            fitted_on = "training samples" if training is not None else "the evaluated samples"
            if training is None and name in baselines.NEEDS_OTHERS:
                guess, fitted_on = baselines.crossed(fit, self.truths), "the other half of the evaluated sources"
            else:
                guess = fit(self.truths if training is None else training)
            told = next((scored for earlier, scored in same if earlier == guess), None) or self._guessed(guess)
            same.append((guess, told))
            found[name] = {
                "window": guess.windows[0] if len(guess.windows) == 1 else None,
                "windows": guess.windows,
                "until": guess.until,
                "fitted_on": fitted_on,
                **told,
            }
        return found

    def _guessed(self, guess: Guesser) -> dict[str, Any]:
        """What a guess scores."""
        judged = Judged(rows=[], answers=guess.answers(self.truths))
        values = self.values(judged)
        told = self.in_short(judged, values, "moments")  # the plain metrics alone, which are quick
        return {"metrics": told.pop("metrics"), "applies_to": _applies_to(values), **told}


def means(values: sets.Values) -> dict[str, float]:
    """{metric: mean over the samples that it applies to}."""
    return {name: breakdown.mean(array) for name, array in values.items()}


def _applies_to(values: sets.Values) -> dict[str, int]:
    """{metric: number of samples that it applies to}, only for metrics that do not apply to all."""
    found = {name: int(np.count_nonzero(~np.isnan(array))) for name, array in values.items()}
    return {name: n for name, n in found.items() if n < len(values[name])}


def benchmark(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """The samples scored, by corpus, split and label version: each combination once, with its number n."""
    names, groups = ("corpus", "split", "label_version"), as_truths(samples).columns.groups()
    ordered = sorted(groups.items(), key=lambda each: each[0])
    return [dict(zip(names, group, strict=True)) | {"n": len(places)} for group, places in ordered]


def can_be_scored(chosen: SampleTable, *, by_clips: bool) -> NDArray[np.bool_]:
    """(n,) whether each sample is labelled or, with `by_clips`, has labels of its clips."""
    if "labelled" not in chosen.frame.columns:
        return np.ones(len(chosen), dtype=bool)
    labelled = chosen.frame["labelled"].fill_null(True).to_numpy().astype(bool)
    for i in np.flatnonzero(~labelled).tolist() if by_clips else ():
        labelled[i] = bool(chosen[i].extra.get("label"))
    return labelled
