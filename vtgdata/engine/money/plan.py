"""Plans a step that asks a model: how much there is to do, what it takes, and whether it may be spent.

No video is opened and nothing is written. The numbers of answers wanted and of answers in the journals are exact;
answers are matched by sample and index among those of the same id (`work_keys.answers_id`). One case is missed: an
answer counts as there, though it will be asked again, if its sample's query or video changed since, or the other
samples of a blind control did.

Tokens are guessed until the journals have 20 answers of the same id; then their means, with three standard errors to
each side, replace the guesses. Input tokens are guessed by `tokens`: the duration gives the number of frames, and each
frame is 16:9, with a short side between half of --short-side (smaller videos are not enlarged) and all of it. Output
tokens are guessed to be between 16 and --max-tokens.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import msgspec

from vtgdata.conversation.prompt import Prompt, load_prompt
from vtgdata.engine import failures
from vtgdata.engine.batch import export
from vtgdata.engine.batch.export import Exported
from vtgdata.engine.journal import counts
from vtgdata.engine.journal.counts import Answers, Select, Spend, answers, fold, journals, means, peek, spend
from vtgdata.engine.models import answers_id, asked_model, former_id, price_of
from vtgdata.engine.money import prices, tokens
from vtgdata.engine.money.budget import ENOUGH
from vtgdata.engine.money.plan_parts import Part, Plan
from vtgdata.engine.money.plan_words import Planned, summary, words
from vtgdata.engine.money.prices import PICO, dollars, shown
from vtgdata.engine.money.tokens import Range
from vtgdata.engine.settings import AskSettings
from vtgdata.errors import Unconfirmed, VtgError
from vtgdata.files.claims import JOURNAL
from vtgdata.records import Model, RenewedModel, Sample
from vtgdata.records.times import format_time
from vtgdata.video import sampling

log = logging.getLogger("vtgdata")

LEAST_OUT = 16
"""Tokens of the shortest answer: two times in tags."""
ANSWER_BYTES = 500
"""Bytes of an answer in the journal, besides its text."""
UNKNOWN_FRAMES = 64
"""Frames of a video of unknown length, if the sampling does not fix their number."""
JPEG_BYTES = 0.4
"""Bytes for each pixel of a frame, at most."""


def check(
    settings: AskSettings, samples: Sequence[Sample], asks: Sequence[tuple[str, str]], most: int | None = None
) -> Planned | Exported | None:
    """Make and log the plan, and refuse a cost that nobody allowed; None when the step may ask now.

    Otherwise nothing is to be asked: returns the plan with --dry-run, and with --batch a summary of the export.

    Args:
        settings: of the step.
        samples: it asks about.
        asks: a model's spec and what it sees, for each time that it asks.
        most: maximum answers per sample with --adaptive, where --n is the minimum.

    Raises VtgError where a budget is given and a price unknown, and Unconfirmed where it may cost more than
    --confirm-over without --yes. Models that run here cost nothing, and are not planned unless asked to.
    """
    if settings.batch and not settings.dry_run:
        if most is not None:
            raise VtgError("--batch writes --n requests a sample; --adaptive decides by the answers how many it takes.")
        return export.export(settings, samples, asks)
    if not settings.dry_run and all(prices.is_local(spec) for spec, _ in asks):
        return None
    models: dict[str, Model] = {}
    for spec, condition in asks:
        models[spec] = asked_model(spec, settings, condition)
    named = {spec: price_of(spec, settings, model) for spec, model in models.items()}
    unknown = [spec for spec, price in named.items() if price is None]
    if settings.budget is not None and unknown:
        raise VtgError(
            f"--budget: what {', '.join(unknown)} costs is unknown, so no budget can hold. Name the price in a file: "
            "--prices FILE, with `- {model: NAME, input: DOLLARS, output: DOLLARS}` per million tokens."
        )
    if unknown and not settings.dry_run:
        log.info("what %s costs is unknown: name it with --prices FILE; --dry-run plans the rest", ", ".join(unknown))
        if all(price is None or price.free for price in named.values()):
            # Counting takes a while where there are millions of answers, and could refuse nothing.
            return None
    if not settings.dry_run:
        for path in journals(Path(settings.out), JOURNAL):
            fold(path)
    made = make(settings, samples, asks, models, most or settings.n)
    if settings.dry_run:
        return summary(made, settings)
    for line in words(summary(made, settings)):
        log.info("plan: %s", line)
    _confirm(made, settings)
    return None


def _confirm(made: Plan, settings: AskSettings) -> None:
    """Raise Unconfirmed when the cost may exceed --confirm-over and nobody said --yes."""
    if settings.yes:
        return
    low, high = made.known_cost
    if settings.budget is not None:
        high = min(high, round(settings.budget * PICO) - made.spent)
    if dollars(high) > settings.confirm_over:
        raise Unconfirmed(
            f"this may cost {shown(low)} to {shown(high)}, more than --confirm-over {settings.confirm_over:g}. "
            "Say --yes to spend it, set a lower --budget, or see the whole plan with --dry-run. Nothing was asked."
        )


def make(
    settings: AskSettings,
    samples: Sequence[Sample],
    asks: Sequence[tuple[str, str]],
    models: Mapping[str, Model],
    most: int,
) -> Plan:
    """Count what there is to do; see the module for what is exact."""
    prompt = load_prompt(settings.prompt)
    parts: list[Part] = []
    with ExitStack() as stack:
        paths = journals(Path(settings.out), JOURNAL)
        selects = [stack.enter_context(peek(path)) for path in paths]
        for spec, condition in asks:
            inputs = _PartInputs(
                settings, samples, prompt, models[spec], answers_id(settings, prompt, models[spec], condition)
            )
            parts.append(_part(inputs, spec, condition, selects, most))
        named = next((part.price for part in parts if part.price is not None), None)
        own = [(path.parent == Path(settings.out), select) for path, select in zip(paths, selects, strict=True)]
        # A shard's answers count once, whether the step's own journal has taken them over or not yet.
        apart, taken = Spend(0, 0), Spend(0, 0)
        for whole, select in own:
            taken = taken.plus(spend(select, named, only_failed=not whole))
            apart = apart.plus(spend(select, named)) if not whole else apart
    spent = max(apart, taken)
    return Plan(parts, spent.picodollars, spent.uncounted)


class _PartInputs(NamedTuple):
    """What one part of the plan is counted from."""

    settings: AskSettings
    samples: Sequence[Sample]
    prompt: Prompt
    model: Model
    answers_id: str


def _part(inputs: _PartInputs, spec: str, condition: str, selects: Sequence[Select], most: int) -> Part:
    settings, samples = inputs.settings, inputs.samples
    there, failed = Answers(), list[str]()
    for select in selects:
        answers(select, inputs.answers_id, there)
        failed += counts.failures(select, inputs.answers_id)
    found = [found for select in selects if (found := means(select, inputs.answers_id))]
    measured = max(found, key=lambda one: one.n, default=None)
    if measured is None or measured.n < ENOUGH:
        measured = None
    cached, prompts, frames = _counted(inputs, there, most)
    prompts = measured.tokens_in if measured else prompts
    said = measured.tokens_out if measured else Range(min(LEAST_OUT, settings.max_tokens), settings.max_tokens)
    size = measured.size if measured else Range(ANSWER_BYTES, ANSWER_BYTES + 4 * settings.max_tokens)
    wanted = Range(max(cached, settings.n * len(samples)), most * len(samples))
    if again := failures.chosen(settings.only):
        wanted = Range(cached, cached).plus(Range(*2 * (sum(map(again, failed)),)))
    to_do = Range(wanted.low - cached, wanted.high - cached)
    return Part(
        spec=spec,
        condition=condition,
        wanted=wanted,
        cached=cached,
        exact=there.exact,
        failed=len(failed),
        outdated=_outdated(inputs, condition, selects, most),
        tokens_in=_each(to_do, prompts),
        tokens_out=_each(to_do, said),
        measured=measured.n if measured else 0,
        price=price_of(spec, settings, inputs.model),
        hours=_each(to_do, measured.seconds).times(1 / 3600 / inputs.model.concurrency) if measured else None,
        # The answers once in the journal, and about once more in the tables; frames may be stored already.
        disk=_each(to_do, size).times(2).plus(Range(0.0, frames)),
    )


def _outdated(inputs: _PartInputs, condition: str, selects: Sequence[Select], most: int) -> tuple[int, str]:
    model = inputs.model
    if not isinstance(model, RenewedModel):
        return 0, ""
    former = former_id(inputs.settings, inputs.prompt, model, condition)
    again = counts.outdated(selects, former, inputs.answers_id, inputs.samples, most)
    return again, model.formerly_why if again else ""


def _each(count: Range, of_one: Range) -> Range:
    return Range(count.low * of_one.low, count.high * of_one.high)


class _Counted(NamedTuple):
    """Sums over the samples, counted in one pass: there may be more than memory holds."""

    cached: int
    prompt: Range
    """Tokens of the mean prompt to ask, guessed from its text and from number and size of its frames."""
    frame_bytes: float
    """Bytes of the frames of all videos to ask about, if none is stored yet."""


def _counted(inputs: _PartInputs, there: Answers, most: int) -> _Counted:
    settings, prompt = inputs.settings, inputs.prompt
    fixed, time = len(f"{prompt.system}{prompt.body}".encode()), len(format_time(100.0, prompt.time, prompt.unit))
    cached = waiting = frames = size = stored = 0
    videos: set[str] = set()
    for sample in inputs.samples:
        has = there.count(sample.sample_id, most)
        cached += has
        if has < most:
            own = _frames(sample, settings)
            waiting, frames = waiting + 1, frames + own
            size += len("".join((sample.query, *sample.options)).encode("utf-8", "surrogatepass"))
            stored += own if sample.video.video_id not in videos else 0
            videos.add(sample.video.video_id)
    text = tokens.of_text(size + waiting * fixed + frames * time).plus(Range(0, 2 * tokens.TURN * waiting))
    if not inputs.model.looks:
        return _Counted(cached, text.times(1 / max(1, waiting)), 0.0)
    width, height = _frame_size(settings)
    image = Range(tokens.of_image(width // 2, height // 2).low, tokens.of_image(width, height).high)
    return _Counted(
        cached, text.plus(image.times(frames)).times(1 / max(1, waiting)), stored * width * height * JPEG_BYTES
    )


def _frame_size(settings: AskSettings) -> tuple[int, int]:
    taken = settings.frame_sampling()
    if isinstance(taken.tokens, msgspec.UnsetType):
        return round(taken.short_side * 16 / 9), taken.short_side
    return sampling.frame_size(1280, 720, taken.frames or UNKNOWN_FRAMES, taken)


def _frames(sample: Sample, settings: AskSettings) -> int:
    taken = settings.frame_sampling()
    if sample.video.duration is None:
        return taken.frames or UNKNOWN_FRAMES
    return len(sampling.times(sample.video.duration, taken))
