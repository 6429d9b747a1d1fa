"""What answers are worth in a run of train rl: its rewards, and what is noted of them besides the trainer's figures."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from vtgdata.conversation.prompt import Prompt
from vtgdata.errors import VtgError
from vtgdata.files.samples import row_sample
from vtgdata.metrics import reward_names
from vtgdata.train import completions, guards, letters, prior
from vtgdata.train import model as models
from vtgdata.train.data import Frames, Row
from vtgdata.train.drawn import DrawSettings
from vtgdata.train.model import Opened
from vtgdata.train.rewards import Reader, Rewards, Truths
from vtgdata.train.row_lengths import leave_out
from vtgdata.train.session import Place
from vtgdata.train.watch import COMPLETIONS, Watch

log = logging.getLogger("vtgdata")


class RewardSettings(DrawSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of train rl that say what answers are worth."""

    rewards: dict[str, float] = msgspec.field(default_factory=lambda: {"tiou": 0.9, "format": 0.1})
    """Scores and their weights, as in tiou=0.9,format=0.1. A score may have settings (length:low=8,high=200=0.1) and
    may be gated by another, which it is multiplied by (tiou*format=1), or be for the rows of one task alone
    (grounded_qa/answer=0.7, moment_retrieval/tiou=0.9)."""
    reading: Literal["strict", "lenient"] = "strict"
    """Whether an answer that is not in the form that the prompt asks for counts as empty (strict), or as evaluation
    finds a window in it (lenient): that pays a policy for dropping its reasoning. The difference is logged."""
    overlong: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Last tokens before --max-new-tokens that cost reward, evenly from 0 to 1, as DAPO does; 0 for none."""
    completions_every: Annotated[int, msgspec.Meta(ge=0)] = 10
    """Steps between two tables of completions, with windows and rewards; 1 keeps all, 0 none."""
    letter_questions: Annotated[int, msgspec.Meta(ge=0)] = 32
    """Questions with frames to be answered by a letter, asked before and after: whether RL cost that ability. 0 for
    none."""
    max_kl: Annotated[float, msgspec.Meta(ge=0)] = 10.0
    """KL divergence from the starting model, in nats a token, from which a run stops; 0 for no bound. It is known only
    with --beta."""
    max_growth: Annotated[float, msgspec.Meta(ge=0)] = 4.0
    """How many times as long as in the first 20 steps answers may be while most are cut off; then a run stops. 0 for no
    bound."""


NO_REWARD = "no reward applies"
"""Reason of a row that was left out."""


def scored(rows: Sequence[Row], settings: RewardSettings, place: Place) -> Sequence[Row]:
    """The rows to which a reward applies; `place` counts the others. See `reward_names.check_effect`.

    Raises VtgError when a reward applies to no row, or more rows than `max_failed` have no reward.
    """
    chosen = [reward_names.read(name) for name, weight in settings.rewards.items() if weight]
    wrong = reward_names.check_effect(chosen, [row_sample(row) for row in rows])
    return leave_out(rows, wrong, NO_REWARD, "have no reward that applies: take other --rewards", settings, place)


def reader(rows: Sequence[Row], prompts: Mapping[str, Prompt], opened: Opened) -> Reader:
    """What reads completions of the rows."""
    return Reader(
        samples={place: row_sample(row) for place, row in enumerate(rows)},
        forms={place: prompts[row["prompt_id"]].form for place, row in enumerate(rows)},
        ends=models.end_tokens(opened.model, opened.processor),
        opened=bool(opened.opening),
        prompts={place: prompts[row["prompt_id"]] for place, row in enumerate(rows)},
    )


def rewards(settings: RewardSettings, reader: Reader, most: int) -> Rewards:
    """The rewards of a run, whose answers have at most `most` tokens."""
    if settings.overlong > most:
        raise VtgError(f"--overlong {settings.overlong}: an answer has at most {most} tokens (--max-new-tokens).")
    truths = Truths(reader.samples, settings.seed)
    if not truths.known:
        log.warning("all rows are of one source, so nobody can tell what answers earn without looking (`seen`).")
    return Rewards(
        settings.rewards,
        reader,
        strict=settings.reading == "strict",
        truths=truths,
        overlong=(most, settings.overlong) if settings.overlong else None,
    )


def limits(settings: RewardSettings) -> guards.Limits:
    """From when on a run is in trouble."""
    return guards.Limits(stall=settings.stall, max_kl=settings.max_kl, max_growth=settings.max_growth)


class Notes(NamedTuple):
    """What is noted of a run while it goes."""

    table: completions.Completions
    alarm: Callable[[], str | None]
    """Gives the words of the prior alarm, if there was one."""


def watch(
    of: Watch, trainer: Any, rows: Sequence[Row], chosen: Rewards, settings: RewardSettings, place: Place
) -> Notes:
    """Note with each step the running mean of `seen`, where reward came from, and the completions."""
    table = completions.Completions(
        place.kept / COMPLETIONS,
        rows,
        chosen,
        every=settings.completions_every,
        steps=of.steps,
        group=trainer.num_generations,
    )
    completions.follow(trainer, table)
    said: list[str] = []

    def act(entry: Mapping[str, Any]) -> None:
        if not of.crew.writes:
            return
        table.write(entry["step"])
        if not said and (words := prior.alarm(of.lines)):
            said.append(words)
            log.warning("%s: %s", of.command, words)

    of.at_step.append(act)
    of.from_line += [lambda entry: prior.figures(of.lines, entry), lambda _: table.figures()]
    return Notes(table, lambda: said[0] if said else prior.alarm(of.lines))


def letters_asked(
    trainer: Any,
    rows: Sequence[Row],
    prompts: Mapping[str, Prompt],
    frames: Frames,
    opened: Opened,
    settings: RewardSettings,
    place: Place,
) -> Callable[[], letters.Letters | None]:
    """Have questions asked before the first step; returns a function that asks them once more and gives both counts.

    All processes call it, once, when the model is the one that is saved.
    """
    asked = letters.questions(rows, settings.letter_questions)
    if not asked:
        return lambda: None

    def ask() -> list[bool]:
        return letters.ask(asked, prompts, frames, opened, trainer)

    trainer.add_callback(letters.callback(ask, place.kept, place.crew))
    return lambda: letters.result(place.kept, ask())
