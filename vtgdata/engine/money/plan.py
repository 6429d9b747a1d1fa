"""Plans a step that asks a model: how much there is to do, what it takes, and whether it may be spent.

No video is opened and nothing is written. The numbers of answers wanted and of answers in the journals are exact;
answers are matched by sample and index among those of the same id (`work_keys.answers_id`). Samples whose videos are
missing are counted apart. One case is missed: an answer counts as there, though it will be asked again, if its sample's
query or video changed since, or the other samples of a blind control did.

Tokens are guessed, and narrowed by answers of a pilot (the same command with --limit) or of an earlier run: see
`estimate`.
"""

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import msgspec

from vtgdata.conversation.prompt import Prompt, load_prompt
from vtgdata.engine import failures
from vtgdata.engine.batch import export
from vtgdata.engine.batch.export import Exported
from vtgdata.engine.journal import counts
from vtgdata.engine.journal.counts import (
    Answers,
    PerSample,
    Select,
    Spend,
    answers,
    fold,
    journals,
    means,
    peek,
    per_sample,
    spend,
)
from vtgdata.engine.models import answers_id, asked_model, facts_of, former_id, price_of
from vtgdata.engine.money import prices
from vtgdata.engine.money.budget import ENOUGH
from vtgdata.engine.money.estimate import Guesses, estimate
from vtgdata.engine.money.later import Later, likeliest
from vtgdata.engine.money.plan_parts import Part, Plan
from vtgdata.engine.money.plan_words import MEND, Planned, summary, words
from vtgdata.engine.money.prices import PICO, dollars, shown
from vtgdata.engine.money.tokens import Range
from vtgdata.engine.questions import check_controls
from vtgdata.engine.settings import AskSettings
from vtgdata.errors import BudgetReached, Unconfirmed, VtgError
from vtgdata.files.claims import JOURNAL
from vtgdata.records import Model, RenewedModel, Sample

log = logging.getLogger("vtgdata")

SEEDS = 32
"""Seeds of earlier runs whose answers can narrow a guess: 0 to this."""
ANSWER_BYTES = 500
"""Bytes of an answer in the journal, besides its text."""


class Ask(NamedTuple):
    """One time that a step asks a model about its samples."""

    spec: str
    condition: str
    """What the model sees."""
    settings: AskSettings
    """By which it is asked: another model may have other servers and another prompt."""
    sure: bool = True
    """False for one that is asked only about those samples, perhaps none, of which the answers of others ask for it."""


def check(
    settings: AskSettings,
    samples: Sequence[Sample],
    asks: Sequence[tuple[str, str]],
    most: int | None = None,
    perhaps: Sequence[Ask] = (),
    then: Sequence[Later] = (),
    best: int | None = None,
) -> Planned | Exported | None:
    """Make and log the plan, and refuse a cost that nobody allowed; None when the step may ask now.

    Otherwise nothing is to be asked: returns the plan with --dry-run, and with --batch a summary of the export.

    Args:
        settings: of the step.
        samples: it asks about.
        asks: a model's spec and what it sees, for each time that it asks.
        most: maximum answers per sample with --adaptive, where --n is the minimum.
        perhaps: models that are asked later, about what the answers of the others leave; each by settings of its own.
        then: what the answers decide to ask next, at most.
        best: ask only about so many of each sample's stretches, as scores will decide.

    Raises VtgError where a budget is given and a price unknown, and Unconfirmed where it may cost more than
    --confirm-over without --yes. Models that run here cost nothing, and are not planned unless asked to.
    """
    check_controls(samples, [condition for _, condition in asks], settings.seed)
    if settings.batch and not settings.dry_run:
        if most is not None:
            raise VtgError("--batch writes --n requests a sample; --adaptive decides by the answers how many it takes.")
        return export.export(settings, samples, asks)
    each = [*(Ask(spec, condition, settings) for spec, condition in asks), *perhaps]
    if not settings.dry_run and all(prices.is_local(one.spec) for one in each):
        return None
    models = [facts_of(asked_model(one.spec, one.settings, one.condition)) for one in each]
    # One spec may stand for two models: a judge has servers of its own, and with them a price of its own.
    named = [(one.spec, price_of(one.spec, one.settings, model)) for one, model in zip(each, models, strict=True)]
    unknown = list(dict.fromkeys(spec for spec, price in named if price is None))
    if settings.budget is not None and unknown:
        raise VtgError(
            f"--budget: what {', '.join(unknown)} costs is unknown, so no budget can hold. Name the price in a file: "
            "--prices FILE, with `- {model: NAME, input: DOLLARS, output: DOLLARS}` per million tokens; or say --free."
        )
    if unknown and not settings.dry_run:
        log.info("what %s costs is unknown: %s; --dry-run plans the rest", ", ".join(unknown), MEND)
    if not settings.dry_run:
        for spec, price in dict.fromkeys(named):
            if price is not None and price.free and not prices.is_local(spec):
                log.info("%s costs nothing: %s", spec, price.source or "that is its price")
        if all(price is None or price.free for _, price in named):
            # Counting takes a while where there are millions of answers, and could refuse nothing.
            return None
    if not settings.dry_run:
        for path in journals(Path(settings.out), JOURNAL):
            fold(path)
    made = make(settings, samples, list(zip(each, models, strict=True)), most, then, best)
    if settings.dry_run:
        return summary(made, settings)
    for line in words(summary(made, settings)):
        log.info("plan: %s", line)
    _cover_one(made, settings)
    _confirm(made, settings)
    return None


def _cover_one(made: Plan, settings: AskSettings) -> None:
    """Raise BudgetReached when what is left of the budget is less than is set aside for one request."""
    # A part that may come to nothing is not refused beforehand: perhaps no request is left.
    first = next((part for part in made.parts if part.set_aside and part.to_do.low), None)
    if settings.budget is None or first is None or first.set_aside is None:
        return
    budget = round(settings.budget * PICO)
    if budget - made.spent < first.set_aside:
        left = round(sum(part.to_do.high for part in made.parts))
        raise BudgetReached(
            f"the budget of {shown(budget)} does not cover one request: {shown(made.spent)} is spent, and a request to "
            f"{first.spec} has at least {shown(first.set_aside)} set aside until its answer comes (what its prompt may "
            f"take, and --max-tokens {settings.max_tokens}). Nothing was asked; {left:,} answers are left to do. Raise "
            "--budget, or lower --max-tokens or the number of frames."
        )


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
    asks: Sequence[tuple[Ask, Model]],
    most: int | None = None,
    then: Sequence[Later] = (),
    best: int | None = None,
) -> Plan:
    """Count what there is to do; see the module for what is exact."""
    parts: list[Part] = []
    with ExitStack() as stack:
        paths = journals(Path(settings.out), JOURNAL)
        selects = [stack.enter_context(peek(path)) for path in paths]
        for one, model in asks:
            for place, (given, about, few) in enumerate([(one.settings, samples, best), *then]):
                prompt = load_prompt(given.prompt)
                inputs = _PartInputs(given, about, prompt, model, answers_id(given, prompt, model, one.condition), few)
                part = _part(inputs, one, selects, most or given.n)
                parts.append(_at_most(part) if place else part)
        named = next((part.price for part in parts if part.price is not None), None)
        own = [(path.parent == Path(settings.out), select) for path, select in zip(paths, selects, strict=True)]
        # A shard's answers count once, whether the step's own journal has taken them over or not yet.
        apart, taken = Spend(0, 0), Spend(0, 0)
        for whole, select in own:
            taken = taken.plus(spend(select, named, only_failed=not whole))
            apart = apart.plus(spend(select, named)) if not whole else apart
    spent = max(apart, taken)
    return Plan(parts, spent.picodollars, spent.uncounted)


def _at_most(part: Part) -> Part:
    """A part of which the answers of others decide how much is asked, from nothing on."""
    return msgspec.structs.replace(
        part,
        condition=f"{part.condition}, a closer look",
        wanted=Range(part.cached, part.wanted.high),
        tokens_in=Range(0, part.tokens_in.high),
        tokens_out=Range(0, part.tokens_out.high),
        hours=part.hours and Range(0, part.hours.high),
        disk=Range(0, part.disk.high),
    )


class _PartInputs(NamedTuple):
    """What one part of the plan is counted from."""

    settings: AskSettings
    samples: Sequence[Sample]
    prompt: Prompt
    model: Model
    answers_id: str
    best: int | None
    """Of each sample's stretches only so many are asked about: see `later.likeliest`."""


def _part(inputs: _PartInputs, ask: Ask, selects: Sequence[Select], most: int) -> Part:
    settings, samples, spec, condition = inputs.settings, inputs.samples, ask.spec, ask.condition
    there, failed = Answers(), list[str]()
    for select in selects:
        answers(select, inputs.answers_id, there)
        failed += counts.failures(select, inputs.answers_id)
    if inputs.best is not None:
        samples = list(likeliest(samples, there, inputs.best))
        inputs = inputs._replace(samples=samples)
    found = [found for select in selects if (found := means(select, inputs.answers_id))]
    measured = max(found, key=lambda one: one.n, default=None)
    if measured is None or measured.n < ENOUGH:
        measured = None
    guesses = Guesses(settings, inputs.prompt, inputs.model.looks)
    made = estimate(settings, samples, guesses, there, most, _earlier(inputs, condition, selects))
    size = measured.size if measured else Range(ANSWER_BYTES, ANSWER_BYTES + 4 * settings.max_tokens)
    wanted = Range(max(made.cached, settings.n * made.samples[0]), most * made.samples[1])
    if not ask.sure:
        wanted = Range(made.cached, wanted.high)
    if again := failures.chosen(settings.only):
        wanted = Range(made.cached, made.cached).plus(Range(*2 * (sum(map(again, failed)),)))
    to_do = Range(wanted.low - made.cached, wanted.high - made.cached)
    price = price_of(spec, settings, inputs.model)
    return Part(
        spec=spec,
        condition=condition,
        wanted=wanted,
        cached=made.cached,
        exact=there.exact,
        failed=len(failed),
        outdated=_outdated(inputs, condition, selects, most),
        cannot=made.cannot,
        missing_videos=made.videos,
        tokens_in=_each(to_do, made.tokens_in),
        tokens_out=_each(to_do, made.tokens_out),
        visual=made.visual,
        measured=made.measured,
        price=price,
        set_aside=price.cost(made.set_aside, settings.max_tokens) if price and made.set_aside and to_do.high else None,
        hours=_each(to_do, measured.seconds).times(1 / 3600 / inputs.model.concurrency) if measured else None,
        # The answers once in the journal, and about once more in the tables; frames may be stored already.
        disk=_each(to_do, size).times(2).plus(Range(0.0, made.frame_bytes)),
    )


def _earlier(inputs: "_PartInputs", condition: str, selects: Sequence[Select]) -> dict[str, PerSample]:
    """Tokens of the answers of the same id by sample; without any, of those with another seed or condition."""
    settings = inputs.settings
    seeds, shown = (settings.seed, *range(SEEDS)), (condition, "sighted", "blind", "blank", "other_query")
    for ids in (
        [inputs.answers_id],
        [
            answers_id(msgspec.structs.replace(settings, seed=seed), inputs.prompt, inputs.model, each)
            for seed in dict.fromkeys(seeds)
            for each in dict.fromkeys(shown)
        ],
    ):
        found: dict[str, PerSample] = {}
        for select in selects:
            found |= per_sample(select, ids)
        if len(found) > 1:
            return found
    return {}


def _outdated(inputs: "_PartInputs", condition: str, selects: Sequence[Select], most: int) -> tuple[int, str]:
    model = inputs.model
    if not isinstance(model, RenewedModel):
        return 0, ""
    former = former_id(inputs.settings, inputs.prompt, model, condition)
    again = counts.outdated(selects, former, inputs.answers_id, inputs.samples, most)
    return again, model.formerly_why if again else ""


def _each(count: Range, of_one: Range) -> Range:
    return Range(count.low * of_one.low, count.high * of_one.high)
