"""What an evaluation says: the record that `evaluate` prints and keeps."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.files.step import StepSummary
from vtgdata.metrics.neighbours import Neighbours

Numbers = dict[str, float | None]
"""By metric, a fraction; None (at first NaN) where a metric applies to nothing."""
Intervals = dict[str, tuple[float | None, float | None]]
"""By metric, its 95 % interval."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong with a file of predictions."""

    what: str
    n: int
    first: list[str]
    """The first places."""


class OptionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of the second file's rows, whose options count, and what is wrong with it."""

    format: str
    n_rows: int
    n_missing: int
    """Questions without an option there, which are wrong."""
    n_failed: int
    """The same."""
    n_extra: int
    n_duplicate: int
    n_broken: int
    problems: list[Problem]


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """What was scored: samples of one corpus, split and version of the labels."""

    corpus: str
    split: str
    label_version: str
    n: int


class SeenReport(msgspec.Struct, frozen=True, kw_only=True):
    """What of a metric other videos' truths would not give; see `metrics.other_truth`."""

    score: float | None
    """The metric, over the samples whose video has a duration."""
    others: float | None
    """The same answers against true windows of other sources, as shares of the duration."""
    seen: float | None
    """`score` minus `others`: 0 for a guess that fits any video alike."""
    low: float | None
    high: float | None
    """95 % interval of `seen`, clustered by source."""
    at_most: float | None
    """`seen` of perfect answers."""


class GuessReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a guess that does not look scores."""

    window: tuple[float, float] | None
    """(start, end) as fractions of the duration; None where there are several."""
    windows: list[tuple[float, float]]
    """One for each range of durations."""
    until: list[float]
    """Where a range ends and the next begins, in seconds."""
    fitted_on: str
    metrics: Numbers
    applies_to: dict[str, int]
    """Samples that a metric applies to, where these are not all."""
    intervals: Intervals
    seen: dict[str, SeenReport]
    """By metric, for those that depend on windows."""


class ModelReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one model, or a file of predictions, scores.

    Counts and scores of answers are those of `Summary`, from `n` to `strict_metrics`. A difference has mIoU, low, high,
    p and, in `metrics`, that of each other metric.
    """

    model: str
    """The model's spec, or the path of the file."""
    model_id: str | UnsetType = UNSET
    reproducible: bool | UnsetType = UNSET
    """Set for a local model: whether all answers were computed in batches of one size (--reproducible), so that the
    same command gives them again."""
    sighted: dict[str, Any]
    """Counts and scores of its answers."""
    breakdown: dict[str, dict[str, Any]]
    """Scores of parts of the samples: {way: {part: {n, n_sources, metrics, intervals}}}."""
    official: dict[str, Any] | None
    """What the benchmark's own scorer would write."""
    blind: dict[str, Any] | UnsetType = UNSET
    """With --blind, counts and scores on another video's frames."""
    sighted_minus_blind: dict[str, Any] | UnsetType = UNSET
    blank: dict[str, Any] | UnsetType = UNSET
    """With --blind-frames blank, counts and scores on grey frames."""
    sighted_minus_blank: dict[str, Any] | UnsetType = UNSET
    other_query: dict[str, Any] | UnsetType = UNSET
    """With --other-query, counts and scores on another video's query."""
    sighted_minus_other_query: dict[str, Any] | UnsetType = UNSET
    looking: dict[str, dict[str, Any]] | UnsetType = UNSET
    """With --blind, `seen` with the video minus `seen` without it, by metric: what looking gives."""
    gain: dict[str, Any] | UnsetType = UNSET
    """The difference from the model before."""
    curve: list[dict[str, Any]] | UnsetType = UNSET
    """With several --num-frames: metrics, intervals and `seen` for each number of frames."""
    sampled: dict[str, Any] | UnsetType = UNSET
    """With --n above 1: mean, best and spread of the answers drawn; see `metrics.several.sampled`."""
    against: dict[str, Any] | UnsetType = UNSET
    """With --against, the other file's counts and scores, and the `differences` of the metrics."""

    @property
    def conditions(self) -> dict[str, dict[str, Any]]:
        """Counts and scores of its answers, by what it was shown."""
        shown = {"sighted": self.sighted, "blind": self.blind, "blank": self.blank, "other_query": self.other_query}
        return {condition: found for condition, found in shown.items() if found is not UNSET}


class Summary(StepSummary, frozen=True, kw_only=True):
    """Counts and scores of the first model, or of the file of predictions; and the reports on all."""

    n: int
    """Samples; each is scored."""
    n_unparsed: int
    """Answers without a window."""
    n_failed: int
    """Samples without an answer."""
    n_missing: int
    """Of these, samples that the file does not name."""
    n_wrong_windows: int
    """Answers with a window that is none."""
    n_past_end: int
    """Answers with a window that ends after the video."""
    n_before_start: int
    """Answers with a window that starts before the video."""
    n_outside: int
    """Answers with a window wholly outside the video."""
    parse_status: dict[str, int]
    """{status: answers}."""
    metrics: Numbers
    applies_to: dict[str, int]
    """Samples that a metric applies to, where these are not all."""
    intervals: Intervals
    """Clustered by source."""
    seen: dict[str, SeenReport]
    """By metric, for those that depend on windows; empty where all samples are of one source."""
    sources: dict[str, dict[str, Any]] | None
    """{source: {n, metrics}} where there are fewer than six; else None."""
    refusals: dict[str, Any] | UnsetType = UNSET
    """Where some samples have no moment: counts, precision, recall and F1 of refusals; see `metrics.refusals`."""
    strict_metrics: Numbers | None
    """The metrics when only the asked form is read; None where that says nothing."""
    format: str | UnsetType = UNSET
    """Of the file of predictions, as the six below."""
    n_rows: int | UnsetType = UNSET
    n_extra: int | UnsetType = UNSET
    """Rows that answer no sample."""
    n_duplicate: int | UnsetType = UNSET
    """Rows that answer a sample again; the first counts."""
    n_broken: int | UnsetType = UNSET
    """Rows that cannot be read."""
    n_set_aside: int | UnsetType = UNSET
    """Rows of blind controls."""
    problems: list[Problem] | UnsetType = UNSET
    options: OptionFacts | UnsetType = UNSET
    """With --answers."""
    metric_set: str
    parser: str | None
    """Which parser read the answers; None where only windows were given."""
    benchmark: list[Scored]
    n_sources: int
    """Sources of the samples' videos."""
    n_unlabelled: int
    """Samples that cannot be scored."""
    shown: list[str]
    """Metrics that people look at first."""
    models: list[ModelReport]
    as_seeds: dict[str, dict[str, Any]] | None
    """With --as-seeds, by metric: the values of all models, their mean and range, and an interval over training."""
    baselines: dict[str, GuessReport]
    """By name."""
    published: list[Neighbours] = msgspec.field(default_factory=list[Neighbours])
    """Published numbers on the same labels."""
    out: str
    """Output folder."""
