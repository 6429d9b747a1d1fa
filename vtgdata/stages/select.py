"""select: choose the rows to train RL on by their pass rates, with a selector plug-in, and show what was chosen."""

import json
import logging
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.conversation.prompt import load_prompt
from vtgdata.engine.selection import controls, facts, forecast, preview, quotas
from vtgdata.engine.selection.candidates import Asked
from vtgdata.engine.selection.choosing import Choosing, Rules, TrainWith, series
from vtgdata.engine.selection.preview import Preview
from vtgdata.errors import VtgError
from vtgdata.files import fingerprint, outside, plugins
from vtgdata.files.samples import open_samples
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.files.whole import write_json
from vtgdata.video.frame_settings import PositiveInt
from vtgdata.video.model_families import preset_of
from vtgdata.video.sampling import chosen

log = logging.getLogger("vtgdata")


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of select."""

    pass_rates: str
    """Pass rates by which to choose: a pass_rates.parquet."""
    out: str
    """Output folder."""
    size: PositiveInt | None = None
    """Maximum number of rows to choose; must be given unless --ids names them."""
    selector: str = "band"
    """Selector with its settings, as in band:measure=mean_iou,low=0.2,high=0.8."""
    samples: str = ""
    """The samples: a samples.parquet. Without it nothing is known of splits, corpora, videos and lengths."""
    where: str = ""
    """SQL condition on the columns of the samples, as in "split == 'rl'"; without one, splits on which papers report
    scores are left out."""
    student: str = ""
    """Id of the model whose pass rates count, where the file has those of several."""
    min_n: int = 0
    """Least number of answers of a row; 0 leaves out rows of which more requests failed than were answered."""
    exclude: list[str] = msgspec.field(default_factory=list[str])
    """File whose samples are not chosen: a Parquet file with sample_id, or a list; may be given several times."""
    quotas: list[str] = msgspec.field(default_factory=list[str])
    """Shares of the choice by a column of the samples, as in corpus:didemo=0.5,queryd=0.5 or, of a number,
    duration:equal:30,60,120 (as much of each range) or window_share:pool:0.1,0.3 (as much as the pool has); several are
    crossed. Columns: corpus, split, duration, window_seconds, window_share, position."""
    per_video: PositiveInt | None = None
    """Most rows of one video."""
    per_source: PositiveInt | None = None
    """Most rows of one source, the longer video that several are cut from."""
    ids: str = ""
    """A published list to take in the place of a selector: a file of sample ids, one a line, a JSON list, or a Parquet
    file with sample_id. Its order is kept."""
    ids_source: str = ""
    """Where the list of --ids comes from: an address, a paper."""
    prompt: str = ""
    """Prompt to train with, a name or a path to a Markdown file, for rows whose pass rates name none, as published ones
    do not; needs --preset."""
    preset: str = ""
    """Frames to train with, for the same rows: a preset, as for score-difficulty."""
    controls: bool = True
    """Also write sets of the same size to compare with: a random one, and one of the same corpora, durations and shares
    of window."""
    answers: PositiveInt = 8
    """Answers of a group in RL, for the forecast of groups without a gradient."""
    against: list[str] = msgspec.field(default_factory=list[str])
    """More samples in which benchmarks are looked for: a samples.parquet; may be given several times."""
    audit: str = ""
    """An audit of the labels: a Parquet file with sample_id and p_wrong."""
    allow_degenerate: bool = False
    """Write a choice from which nothing can be learned, since no answer or every answer to it was right."""
    seed: int = 0
    """Seed of the random draw."""


class ListFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A published list that was taken."""

    name: str
    sha256: str
    source: str
    named: int
    """Ids in it."""
    unknown: int
    """Those of them that are not in the pool."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """How many samples were chosen, and what they are like."""

    pool: int
    """Samples to choose from."""
    rows: int
    """Samples chosen."""
    short_of: int
    """Number of samples by which the choice falls short of --size."""
    selector: str
    """The selector with its settings, as given."""
    left_out: dict[str, int]
    """{reason: samples of the file that could not be chosen}."""
    short: dict[str, list[int]]
    """{values of the quotas' columns: [rows asked for, rows found]}, where there were fewer."""
    controls: dict[str, int]
    """{file of a control set: its rows}."""
    preview: Preview
    ids: ListFacts | UnsetType = UNSET
    """The published list that was taken."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Choose rows; write rows.parquet in the selector's order (column `rank`), the control sets, and preview.json.

    Raises VtgError, with the nearest settings that work, for a choice that is empty or teaches nothing.
    """
    spec = plugins.parse_spec(settings.selector)
    if spec.argument:
        raise VtgError(f"--selector {settings.selector!r}: settings are written name:key=value,key=value.")
    if settings.size is None and not settings.ids:
        raise VtgError("select needs --size, the number of rows to choose, or --ids, a list of them.")
    files = [str(value) for value in spec.settings.values() if isinstance(value, str) and outside.is_file(value)]
    given = [settings.pass_rates, settings.samples, settings.ids, settings.audit, *settings.exclude, *settings.against]
    given += [str(plugins.prompt_path(settings.prompt))] if settings.prompt else []
    with Step(
        "select",
        settings,
        Summary,
        code=[__name__, plugins.module_name("selectors", spec.name)],
        inputs=dict.fromkeys(path for path in (*given, *files) if path),
    ) as step:
        if (done := step.up_to_date()) is not None:
            return done
        choosing = Choosing(_rules(settings))
        choice = choosing.choose()
        taken = series(choice.ids)
        if not settings.allow_degenerate:
            choosing.refuse_useless(taken)
        size = settings.size or len(taken)
        sets = _control_sets(choosing, taken, settings)
        seen = _preview(choosing, taken, settings)
        out = step.start()
        choosing.write(out, {"rows.parquet": choice.ids, **sets}, weighed="rows.parquet")
        write_json(out / "preview.json", seen)
        if len(taken) < size:
            log.warning("select: %d rows asked for, %d found by %s", size, len(taken), settings.selector)
        summary = Summary(
            pool=choosing.pool.facts.height,
            rows=len(taken),
            short_of=max(0, size - len(taken)),
            selector=settings.selector if not settings.ids else f"ids:{Path(settings.ids).name}",
            left_out=choosing.pool.left_out,
            short=choice.short,
            controls={name: len(ids) for name, ids in sets.items()},
            preview=seen,
            ids=_listed(choosing, settings),
            out=settings.out,
        )
        return step.finish(summary, ["rows.parquet", *sets, "preview.json"])


def _rules(settings: Settings) -> Rules:
    return Rules(
        selector=settings.selector,
        asked=Asked(
            settings.pass_rates, settings.samples, settings.where, settings.student, settings.min_n, settings.exclude
        ),
        size=settings.size,
        seed=settings.seed,
        limits=quotas.Limits(tuple(map(quotas.parse, settings.quotas)), settings.per_video, settings.per_source),
        ids=settings.ids,
        train_with=_train_with(settings),
    )


def _train_with(settings: Settings) -> TrainWith | None:
    """The prompt and frames of rows that name none; raises VtgError where only one of them is given."""
    if not settings.prompt and not settings.preset:
        return None
    if not (settings.prompt and settings.preset):
        raise VtgError("--prompt and --preset go together: a trainer needs both.")
    prompt = load_prompt(settings.prompt)
    frames = chosen(preset_of(settings.preset, ()), None, None, None, midpoint=False)
    return TrainWith(prompt.id, prompt.text, json.dumps(msgspec.to_builtins(frames), sort_keys=True))


def _listed(choosing: Choosing, settings: Settings) -> ListFacts | UnsetType:
    """What is said of the list of --ids."""
    if choosing.wanted is None:
        return UNSET
    there = choosing.wanted.is_in(choosing.pool.facts["sample_id"].implode())
    return ListFacts(
        name=Path(settings.ids).name,
        sha256=fingerprint.of_bytes(Path(settings.ids)),
        source=settings.ids_source,
        named=len(there),
        unknown=int((~there).sum()),
    )


def _control_sets(choosing: Choosing, chosen: Any, settings: Settings) -> dict[str, list[str]]:
    """{file: ids} of the control sets: drawn from the rows of the pool that have a value of the measure."""
    if not settings.controls or not len(chosen):
        return {}
    rated = choosing.pool.facts
    if choosing.rates.height < rated.height:
        rated = rated.filter(rated["sample_id"].is_in(choosing.rates["sample_id"].implode()))
    limits = choosing.rules.limits
    sets = {"control_random.parquet": controls.random_set(rated, chosen, settings.seed, limits)}
    if "corpus" in rated.columns:
        sets["control_matched.parquet"] = controls.matched_set(rated, chosen, settings.seed)
    else:
        log.info("select: without --samples there is no control set that is matched in corpus and lengths")
    return sets


def _preview(choosing: Choosing, chosen: Any, settings: Settings) -> Preview:
    stored = choosing.pool.measured.seen(forecast.COLUMNS)
    dead = forecast.without_gradient(stored, settings.answers, choosing.measure)
    if choosing.pool.left_out:
        dead = dead.join(choosing.pool.facts.select("sample_id"), on="sample_id", how="semi")
    ours, theirs = preview.shares(dead, chosen) if dead.height else (None, None)
    more: dict[str, Any] = {}
    if choosing.pool.known is not None:
        others = [facts.frame_of(open_samples(path, look=False)) for path in settings.against]
        more |= preview.of_samples(choosing.pool.known, choosing.pool.facts, chosen, others)
    if settings.audit:
        more["p_wrong"] = preview.wrong(settings.audit, choosing.pool.facts, chosen)
    return Preview(
        sizes=preview.sizes(choosing.pool.facts, chosen),
        measure=choosing.measure,
        histogram=preview.histogram(choosing.rates, chosen),
        answers=settings.answers,
        without_gradient=ours,
        without_gradient_pool=theirs,
        **more,
    )
