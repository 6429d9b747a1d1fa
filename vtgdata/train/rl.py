"""GRPO on a release's RL rows, by TRL's GRPOTrainer, with scores as rewards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.conversation.prompt import Prompt
from vtgdata.errors import VtgError
from vtgdata.metrics import reward_names
from vtgdata.records import Sampling
from vtgdata.train import (
    checkpoints,
    course,
    expected_groups,
    families,
    grpo,
    grpo_arguments,
    held_out,
    letters,
    making,
    oracle,
    refresh,
    row_lengths,
    saving,
    session,
    worth,
)
from vtgdata.train import model as models
from vtgdata.train import plan as plans
from vtgdata.train.batches import batches
from vtgdata.train.data import Frames, Provenance, Row, builder, dataset
from vtgdata.train.drawn import sampling
from vtgdata.train.facts import effective
from vtgdata.train.order import Plan, read_schedule, shown
from vtgdata.train.session import Place
from vtgdata.train.settings import CONFIGS
from vtgdata.train.watch import Watch

COMMAND = "train rl"
CONFIG = CONFIGS[COMMAND]


class Settings(grpo_arguments.GrpoSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of train rl."""


class Figures(session.Figures, frozen=True, kw_only=True):
    """How the training went."""

    first_reward: float | None
    """Mean of the first five steps."""
    last_reward: float | None
    """Mean of the last five steps."""
    frac_reward_zero_std: float | None
    """Mean share of prompts whose answers all had one reward, so that nothing could be learned from them."""
    expected_zero_std: float | None = None
    """The share of these that the release's pass rates let expect, as `vtgdata select` forecasts it."""
    lenient_minus_strict: float | None = None
    """Mean of the last five steps: what more answers would earn if those in another form counted."""
    seen: float | None = None
    """Reward beyond what the same answers earn on truths of other sources, mean of the last 20 steps."""
    seen_error: float | None = None
    """Its standard error."""
    prior_alarm: str | None = None
    """Words, if the reward rose while `seen` did not."""
    letters: letters.Letters | None = None
    """Questions with frames that are answered by a letter, before and after."""


class Summary(Figures, frozen=True, kw_only=True):
    """How the training went, and on what."""

    left_out: dict[str, int]
    """{reason: number of rows that could not be trained on}."""
    data: Provenance
    out: str
    """Folder of the model."""


def run(settings: Settings) -> Summary | plans.Planned:
    """Train; writes model, processor and `training.jsonl` to `out`, and returns rewards, counts and data facts."""
    if settings.dry_run:
        return plans.make(COMMAND, settings)
    code = [__name__, *reward_names.modules(list(settings.rewards))]
    return session.run(COMMAND, settings, Summary, fit, CONFIG, code)


def fit(
    settings: Settings, rows: Sequence[Row], prompts: Mapping[str, Prompt], frames: Frames, place: Place | None = None
) -> Figures:
    """Train on rows already read; see `run`.

    Raises VtgError when a setting or a row cannot be trained on.
    """
    if settings.rollouts < 2:
        raise VtgError(f"rollouts {settings.rollouts}: give at least 2, which are compared with each other.")
    reward_names.check_weights(settings.rewards)
    if settings.oracle and (settings.rollouts < 3 or settings.vllm_server):
        raise VtgError("--oracle: needs --rollouts of 3 or more, and answers that this process generates (no vLLM).")
    place = place or session.here(settings)
    models.prepare(settings.seed, settings.threads)
    from trl.trainer.grpo_config import GRPOConfig

    making.check_names(GRPOConfig, settings)
    rows, looked_at = held_out.split(worth.scored(rows, settings, place), settings)
    plan, again = planned(rows, settings), refresh.read(settings.refresh)
    families.check_rl(settings.model)
    opened, drawn = models.load(settings.model, settings), sampling(settings, rows)
    families.check_processor(settings.model, families.keys_of(opened.processor))
    rows = row_lengths.within(rows, prompts, frames, opened, settings, place, drawn.max_tokens)
    plan = planned(rows, settings) if place.left_out else plan
    run = _Run(settings, rows, looked_at, prompts, frames, place, drawn)
    begun, part = checkpoints.last(place.kept), None
    for number, end in enumerate(ends := refresh.ends(plan.steps, again)):
        if number and again:
            plan = run.anew(plan, again, ends[number - 1])
        done = checkpoints.last(place.kept)
        if end == plan.steps or done is None or done.step < end:
            part = run.part(plan, end, opened or models.load(settings.model, settings))
            if part.watch.looks.over:
                break
        opened = None  # the next part begins with the weights of a checkpoint
    assert part is not None
    return part.figures(UNSET if begun is None else begun.step)


def planned(rows: Sequence[Row], settings: Settings) -> Plan:
    """The plan of a run; see `order.shown`."""
    return shown(
        rows,
        settings,
        per_step=settings.prompts_per_step,
        option="--prompts-per-step",
        by=settings.order,
        schedule=read_schedule(settings.schedule),
    )


class _Run(NamedTuple):
    """What all parts of a run share: a refresh ends one part and begins the next."""

    settings: Settings
    rows: Sequence[Row]
    looked_at: Sequence[Row]
    prompts: Mapping[str, Prompt]
    frames: Frames
    place: Place
    drawn: Sampling

    def anew(self, plan: Plan, again: refresh.Refresh, step: int) -> Plan:
        """The plan of a run, its rows from a step on those that the checkpoint of that step selects."""
        chosen: list[int] = []
        # Another seed each time: a selector that draws would else draw the same rows again.
        new = msgspec.structs.replace(self.settings, steps=plan.steps - step, seed=self.settings.seed + step)
        if self.place.crew.writes:
            folder, model = self.place.kept / f"refresh-{step}", self.place.kept / f"checkpoint-{step}"
            chosen = refresh.select(folder, model, self.rows, self.prompts, again, new, self.drawn)
        chosen = self.place.crew.told(chosen)
        later = planned([self.rows[one] | {"rank": rank} for rank, one in enumerate(chosen)], new)
        return Plan(
            plan.steps,
            plan.places[: step * self.settings.prompts_per_step] + [chosen[one] for one in later.places],
            (chosen[one] for one in later.more),
        )

    def part(self, plan: Plan, end: int, opened: models.Opened) -> _Part:
        """Train up to a step; if the run ends there, the model is saved."""
        from trl.trainer.grpo_config import GRPOConfig

        settings, place, rows = self.settings, self.place, self.rows
        total = settings.prompts_per_step * settings.rollouts
        split = batches(total, settings.device_batch, place.crew.size, opened.parameters)
        reader = worth.reader(rows, self.prompts, opened)
        chosen = worth.rewards(settings, reader, self.drawn.max_tokens)
        args = making.configured(
            GRPOConfig,
            making.common(settings, opened.parameters, split, plan.steps, place.kept)
            | grpo_arguments.arguments(settings, self.drawn)
            | {"reward_weights": chosen.weights}
            | {"learning_rate": models.rate(settings, opened.parameters, 5e-5, 1e-6)},
            settings,
        )
        models.freeze(opened.model, settings.freeze)
        stated = models.take_defaults(opened.model)
        watch = making.watched(
            COMMAND,
            settings,
            place,
            plan.steps,
            grpo_arguments.names(chosen),
            grpo_arguments.boundary(args),
            end,
            worth.limits(settings),
        )
        build = builder(rows, self.prompts, self.frames, targets=False, plain=opened.plain)
        added = grpo.Additions(
            more=plan.more,
            build=build,
            note_rows=watch.note_rows,
            rounds=settings.dynamic_sampling,
            oracle=oracle.answers(rows, self.prompts) if settings.oracle else None,
        )
        places = plan.places[: end * settings.prompts_per_step]
        trainer = making.built(
            grpo.trainer(added),
            model=opened.model,
            reward_funcs=chosen.functions,
            args=args,
            train_dataset=dataset(rows, self.prompts, self.frames, places=places, targets=False, plain=opened.plain),
            processing_class=opened.processor,
            peft_config=models.adapter(settings, opened.model),
        )
        watch.carried, watch.to_line = added.carried, added.line
        most = self.drawn.max_tokens
        making.look_at(watch, self.looked_at, self.prompts, self.frames, settings, most, place, trainer, opened)
        trainer.add_callback(watch.callback())
        notes = worth.watch(watch, trainer, rows, chosen, settings, place)
        acted = effective(args, settings, split, trainer.model, opened, rows, self.drawn)
        asks = worth.letters_asked(trainer, rows, self.prompts, self.frames, opened, settings, place)
        foreseen = expected_groups.without_gradient(settings.release, rows, settings.rollouts)
        course.go(trainer, watch, place, added.skip)
        answered = None
        if end == plan.steps or watch.looks.over:
            answered = asks()
            saving.save(trainer, opened, settings, place.out, stated)
        return _Part(rows, plan, watch, foreseen, acted | msgspec.to_builtins(self.drawn), notes.alarm(), answered)


class _Part(NamedTuple):
    """A part of a run that has ended."""

    rows: Sequence[Row]
    plan: Plan
    watch: Watch
    foreseen: float | None
    acted: dict[str, Any]
    alarm: str | None
    letters: letters.Letters | None

    def figures(self, resumed: int | UnsetType) -> Figures:
        """How the run went up to here."""
        watch = self.watch
        shared: dict[str, Any] = making.figures(self.rows, self.plan, None, self.acted, watch) | {"resumed": resumed}
        return Figures(
            **shared,
            first_reward=watch.first("reward", 5),
            last_reward=watch.last("reward", 5),
            frac_reward_zero_std=watch.last("frac_reward_zero_std", self.plan.steps),
            expected_zero_std=self.foreseen,
            lenient_minus_strict=watch.last("lenient_minus_strict", 5),
            seen=watch.last("seen", 1),
            seen_error=watch.last("seen_error", 1),
            prior_alarm=self.alarm,
            letters=self.letters,
        )
