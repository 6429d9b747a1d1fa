"""Scores as rewards: hands the functions that evaluation uses to TRL's GRPOTrainer.

The answers of a batch are read once, as evaluation reads them, for all rewards together. Each is read leniently and
strictly (`answer.parse`); a setting says which counts, and the difference is logged. Each is also scored against truths
of other sources (`metrics.other_truth`): what it earns there it earns without looking.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from vtgdata.conversation import answer, answer_text
from vtgdata.conversation.answer import Form
from vtgdata.conversation.prompt import Prompt, own_option
from vtgdata.metrics import other_truth, reward_names
from vtgdata.metrics.answered import NOTHING
from vtgdata.records import Answer, Sample
from vtgdata.records.windows import Array, as_pairs

Reward = Callable[..., list[float | None]]
Key = str | int
"""Of a row: its place, or its sample's id."""
OVERLONG = "overlong"
"""Name of the penalty for answers that are nearly, or wholly, too long."""
METRICS = ("unparsed", "lenient_minus_strict", "others", "seen_step")
"""What is logged of each step besides the rewards themselves; see `Rewards`."""


class Said(NamedTuple):
    """Completions as evaluation reads them."""

    keys: list[Key]
    samples: list[Sample]
    lenient: list[Answer]
    strict: list[Answer]
    """With the empty answer in place of each that is not in the asked form."""
    finish: list[str]
    """`stop`, or `length` for a completion that was cut off."""


class Reader(NamedTuple):
    """Reads completions; one that does not end with one of `ends` was cut off.

    A row is known by its place among the rows of the run, which rows given to the trainer carry as `place`: one sample
    may be asked about in two ways. Where they carry none, it is known by its `sample_id`.
    """

    samples: Mapping[Any, Sample]
    forms: Mapping[Any, Form]
    """The answer form that each row's prompt asks for."""
    ends: Collection[int] = ()
    """Ids of the tokens with which a whole completion ends; if empty, every completion counts as whole."""
    opened: bool = False
    """Whether the chat template writes the mark that opens the reasoning, so that no completion has it."""
    prompts: Mapping[Any, Prompt] | None = None
    """The prompt of each row, where one may have shown the options in another order."""

    def read(self, completions: Sequence[Any], keys: Sequence[Key], tokens: Sequence[Sequence[int]] | None) -> Said:
        """Read completions of the rows with these keys."""
        asked = [self.samples[key] for key in keys]
        known = tokens if self.ends and tokens is not None else [()] * len(asked)
        finish = ["length" if each and each[-1] not in self.ends else "stop" for each in known]
        lenient = [self._parse(*each) for each in zip(completions, keys, finish, strict=True)]
        strict = [
            said if said.strict_ok else NOTHING.for_scores(sample.video.duration)
            for said, sample in zip(lenient, asked, strict=True)
        ]
        return Said(list(keys), asked, lenient, strict, finish)

    def _parse(self, completion: Any, key: Key, finish: str) -> Answer:
        text = text_of(completion)
        said = answer.parse(
            answer_text.opened(text, by_template=True) if self.opened else text,
            duration=self.samples[key].video.duration,
            form=self.forms[key],
            finish_reason=finish,
        )
        if self.prompts is None or said.option is None:
            return said
        own = own_option(self.prompts[key], self.samples[key], said.option)
        return msgspec.structs.replace(said, option=own)


class Truths:
    """Truths of other sources for the samples of a run, drawn once from all of them."""

    def __init__(self, samples: Mapping[Any, Sample], seed: int) -> None:
        self._all = list(samples.values())
        self._places = {key: place for place, key in enumerate(samples)}
        self._donors = other_truth.draw_donors(self._all, seed=seed)

    @property
    def known(self) -> bool:
        """Whether any two samples have another source."""
        return self._donors is not None

    def totals(self, total: Callable[[Sequence[Sample]], Array], said: Said) -> Array:
        """What fixed answers earn on average on other samples' truths.

        Args: total: rewards of the answers on given samples, (n,); said: the answers, with their n rows.

        Returns: (n,), NaN for a sample without a duration, or where no reward applies.
        """
        if self._donors is None:
            return np.full(len(said.samples), np.nan)
        places = [self._places.get(key, -1) for key in said.keys]
        known = [number for number, place in enumerate(places) if place >= 0 and self._donors.usable[place]]
        found = np.full(len(said.samples), np.nan)
        others = self._donors.of(self._all, [places[number] for number in known])
        whole = [list(said.samples) for _ in others]
        for draw, changed in zip(whole, others, strict=True):
            for number, sample in zip(known, changed, strict=True):
                draw[number] = sample
        scored = other_truth.against(lambda each: {"": total(each)}, whole)[""]
        found[known] = scored[:, known].mean(axis=0)
        return found


class Rewards:
    """The rewards of a run as TRL takes them, `functions` with their `weights`."""

    def __init__(
        self,
        weights: Mapping[str, float],
        reader: Reader,
        *,
        strict: bool = False,
        truths: Truths | None = None,
        overlong: tuple[int, int] | None = None,
    ) -> None:
        """Load the scores.

        Args:
            weights: {name of a reward: its weight}.
            reader: reads completions.
            strict: whether an answer that is not in the asked form counts as the empty one.
            truths: of other sources; None to leave them out.
            overlong: most tokens of a completion, and the last tokens before it that cost, evenly from 0 to 1 (DAPO's
                soft punishment, with the weight 1); None for no penalty.
        """
        self._read = [reward_names.read(name) for name in weights]
        self._weights = np.array(list(weights.values()), dtype=np.float64)
        self._reader, self._strict, self._truths = reader, strict, truths
        self._batch: Any = None
        self._values: list[list[float | None]] = []
        self.functions = [self._function(number, each.name) for number, each in enumerate(self._read)]
        self.weights = list(weights.values())
        self._punish = _overlong(*overlong) if overlong else None
        if self._punish:
            self.functions.append(self._punish)
            self.weights.append(1.0)
        self.names = [function.__name__ for function in self.functions]
        self.weighted = list(zip(self.names, self.weights, strict=True))

    def _function(self, number: int, name: str) -> Any:
        def function(
            completions: Sequence[Any],
            sample_id: Sequence[str],
            completion_ids: Sequence[Sequence[int]] | None = None,
            **more: Any,
        ) -> list[float | None]:
            if self._batch is not completions:  # TRL hands the same list to all rewards
                self._batch = completions
                said = self._reader.read(completions, more.get("place") or sample_id, completion_ids)
                self._values = self._score(said, completion_ids, more)
            return self._values[number]

        function.__name__ = name
        return function

    def _score(
        self, said: Said, tokens: Sequence[Sequence[int]] | None, more: Mapping[str, Any]
    ) -> list[list[float | None]]:
        """Values of each reward in the reading that counts; TRL's loggers get what is noted besides."""
        lenient, strict = (self._table(answers, said.samples) for answers in (said.lenient, said.strict))
        counted, answers = (strict, said.strict) if self._strict else (lenient, said.lenient)
        values = [_plain(row) for row in counted]
        note, extra, others = more.get("log_metric"), more.get("log_extra"), None
        if note is not None:
            own = self._total(counted)
            unread = [each.parse_status != "ok" and each.option is None for each in said.lenient]
            _note(note, "unparsed", np.array(unread, dtype=np.float64))
            _note(note, "lenient_minus_strict", self._total(lenient) - self._total(strict))
            if self._truths is not None and self._truths.known:
                others = self._truths.totals(lambda each: self._total(self._table(answers, each)), said)
                _note(note, "others", others)
                _note(note, "seen_step", own - others)
        if extra is not None:
            against = [None] * len(said.samples) if others is None else _plain(others)
            for name, column in (self._columns(said, tokens, values) | {"others": against}).items():
                extra(name, column)
        return values

    def _table(self, answers: Sequence[Answer], samples: Sequence[Sample]) -> Array:
        return np.stack([each.values(answers, samples) for each in self._read])

    def _total(self, table: Array) -> Array:
        """Weighted sums as TRL makes them: rewards that do not apply are left out. Args: table: (rewards, n)."""
        total = np.nansum(table * self._weights[:, None], axis=0)
        return np.where(np.isnan(table).all(axis=0), np.nan, total)

    def _columns(
        self, said: Said, tokens: Sequence[Sequence[int]] | None, values: Sequence[list[float | None]]
    ) -> dict[str, list[Any]]:
        """Columns of the table of completions, beside those that TRL has itself."""
        found: dict[str, list[Any]] = {
            "sample_id": [sample.sample_id for sample in said.samples],
            "key": said.keys,
            "windows": [as_pairs(each.windows) for each in said.lenient],
            "option": [each.option for each in said.lenient],
            "parse_status": [each.parse_status for each in said.lenient],
            "strict_ok": [each.strict_ok for each in said.lenient],
            "finish_reason": said.finish,
            "tokens_out": [len(each) for each in tokens] if tokens is not None else [None] * len(said.samples),
        }
        if self._punish and tokens is not None:
            values = [*values, self._punish(tokens)]
        return found | {f"reward {name}": row for name, row in zip(self.names, values, strict=False)}


def _plain(values: Array) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]


def _overlong(most: int, last: int) -> Any:
    from trl.rewards.other_rewards import get_soft_overlong_punishment

    punish = get_soft_overlong_punishment(most, last)

    def function(completion_ids: Sequence[Sequence[int]], **_: Any) -> list[float]:
        return punish(completion_ids=completion_ids)

    function.__name__ = OVERLONG
    return function


def _note(note: Callable[[str, float], None], name: str, values: Array) -> None:
    """Log a figure of each completion: TRL takes the mean over all of a step, of all processes."""
    for value in values[~np.isnan(values)].tolist():
        note(name, value)


def reward(
    name: str,
    samples: Mapping[str, Sample],
    forms: Mapping[str, Form],
    ends: Collection[int] = (),
    *,
    opened: bool = False,
    strict: bool = False,
) -> Reward:
    """One reward as a function of TRL's keyword lists; see `Reader` and `Rewards` for the arguments.

    Returns a function that gives numbers in [0, 1], and None where the reward does not apply.
    """
    return Rewards({name: 1.0}, Reader(samples, forms, ends, opened), strict=strict).functions[0]


def text_of(completion: Any) -> str:
    """The text of a completion as TRL passes it to rewards: a string, or one assistant message in either form."""
    if isinstance(completion, str):
        return completion
    content = completion[-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
