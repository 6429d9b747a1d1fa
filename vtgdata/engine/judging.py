"""Asking a judge: another model says of each answer whether the frames bear it out, through the step's own journal.

The judge is not told who answered, what the annotation is, or how the answer scored. `yes` and `no` stand at letters
that are drawn for each sample, so that a judge that likes one letter does not favour one verdict.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar, cast

import msgspec

from vtgdata.conversation.answer import parse
from vtgdata.conversation.prompt import JUDGED, Prompt, load_prompt, own_option, spans
from vtgdata.conversation.verifying import Verifier, declared
from vtgdata.engine import ask, failures
from vtgdata.engine.journal.counts import journals, spend_in
from vtgdata.engine.journal.journal import Journal
from vtgdata.engine.judge_settings import of_judge
from vtgdata.engine.metering import metered, take_shards
from vtgdata.engine.models import answers_id, asked_model, told_by
from vtgdata.engine.money.plan import Ask
from vtgdata.engine.money.prices import Price, dollars
from vtgdata.engine.questions import frame_store, questions
from vtgdata.engine.settings import AskSettings
from vtgdata.engine.spool import QuestionAnswers
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.claims import JOURNAL
from vtgdata.files.live import teller
from vtgdata.files.parquet import read_parquet
from vtgdata.files.schemas import VERDICTS, Row
from vtgdata.metrics.intervals import wilson
from vtgdata.records import Reply, Sample
from vtgdata.records.windows import from_pairs

NAME = "verdicts.parquet"
PROMPT = "judge"
"""By which a judge is asked unless the spec says another."""
OPTIONS = ("yes", "no")
S = TypeVar("S", bound=AskSettings)


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What a judge said of the answers that all other verifiers passed."""

    model: str
    """Its id."""
    yes: int
    no: int
    unclear: int
    """Answers of it that say neither."""
    failed: int
    """Requests that failed."""
    disagreement: float | None
    """Share of no among yes and no: how often it speaks against answers that met the annotation and passed the rest."""
    low: float | None
    """95 % Wilson interval."""
    high: float | None
    spent: float | Literal["unknown"] | None
    """US dollars; None where its verdicts were given."""


class Pending(NamedTuple):
    """An answer to be judged."""

    sample: Sample
    row: Row


class Judge:
    """The judge of a chain, for one run."""

    def __init__(self, verifier: Verifier, settings: AskSettings) -> None:
        """Raise VtgError where the spec names neither a model nor a file of verdicts."""
        given = {"model": "", "endpoint": "", "prompt": PROMPT, "verdicts": ""} | verifier.settings
        self.spec, self.given = str(given["model"]), str(given["verdicts"])
        if bool(self.spec) == bool(self.given):
            raise VtgError(
                f"--verify {verifier.spec!r}: say who judges (judge:model=openai_api:NAME,endpoint=URL), or give the "
                "verdicts of an earlier run (judge:verdicts=FILE)."
            )
        changes: dict[str, Any] = {"prompt": str(given["prompt"]), "temperature": 0.0}
        if given["endpoint"]:
            changes["endpoint"] = str(given["endpoint"]).split()
        self.settings = replaced(of_judge(settings), **changes)
        self.prompt: Prompt = load_prompt(self.settings.prompt)
        if "{option}" not in self.prompt.form.template or "{reasoning}" not in self.prompt.body:
            raise VtgError(
                f"--verify {verifier.spec!r}: the prompt {self.prompt.name} must show {{reasoning}} and {{options}} "
                "and ask for an {option}; `judge` is ours."
            )
        if self.prompt.reveals:
            raise VtgError(
                f"--verify {verifier.spec!r}: the prompt {self.prompt.name} reveals {', '.join(self.prompt.reveals)}, "
                "and a judge that knows the answer only repeats it. Take one that reveals nothing; `judge` is ours."
            )
        self.counts: Counter[str] = Counter()
        self.model_id, self._about, self._price = "", "", cast("Price | None", None)
        self._known = (
            {row["key"]: row for row in read_parquet(self.given, needs=("key", "verdict"))} if self.given else {}
        )

    def asks(self, teachers: int) -> list[Ask]:
        """What a plan says of it: at most a verdict on each answer of each of so many teachers."""
        most = replaced(self.settings, n=self.settings.n * teachers)
        return [] if self.given else [Ask(self.spec, "sighted", most, sure=False)]

    def verdicts(self, pending: Sequence[Pending]) -> list[Row]:
        """A row of verdicts.parquet for each answer; asks only for those that the journal lacks."""
        found = self._given(pending) if self.given else list(self._asked(pending))
        self.counts.update(row["verdict"] or "failed" for row in found)
        return found

    def _given(self, pending: Sequence[Pending]) -> list[Row]:
        empty = dict.fromkeys(VERDICTS) | {"verdict": None, "error": "no verdict was given"}
        rows = [self._known.get(each.row["key"], empty | _about(each)) for each in pending]
        self.model_id = next((str(row["judge_id"]) for row in rows if row.get("judge_id")), self.model_id)
        return [dict.fromkeys(VERDICTS) | row for row in rows]

    def _asked(self, pending: Sequence[Pending]) -> Iterator[Row]:
        settings, folder = self.settings, Path(self.settings.out)
        model = asked_model(self.spec, settings, "sighted")
        samples, wanted = [_shown(each, self.prompt) for each in pending], list[QuestionAnswers]()
        with Journal(folder / JOURNAL) as journal:
            journal.answers_id = answers_id(settings, self.prompt, model, "sighted")
            journal.again = failures.chosen(settings.only)
            take_shards(journal, folder)
            meter = metered(self.spec, model, settings, journal)
            self.model_id, self._about, self._price = model.id, journal.answers_id, meter.price
            asking = ask.Asking(
                model=meter, sampling=settings.sampling(), n=1, seed=settings.seed, journal=journal, note=wanted.append,
                total=len(samples), progress=teller(f"{self.spec}, judging"), patience=settings.timeout,
            )  # fmt: skip
            store, told = frame_store(settings), told_by(model, settings)
            ask.run(questions(samples, self.prompt, store, settings, "sighted", told), asking)
            keys = [each.each()[0] for each in wanted]
            replies = journal.answered(each.key for each in keys)
            replies |= journal.failures(each.key for each in keys if each.key not in replies)
        for each, shown, key in zip(pending, samples, keys, strict=True):
            yield self._row(each, shown, replies.get(key.key), key.problem)

    def _row(self, each: Pending, shown: Sample, reply: Reply | None, problem: str | None) -> Row:
        row = dict.fromkeys(VERDICTS) | _about(each) | {"judge_id": self.model_id, "prompt_id": self.prompt.id}
        if reply is None or reply.error:
            return row | {"error": problem or (reply.error if reply else None) or "not asked yet"}
        text = reply.text or ""
        answer = parse(text, form=self.prompt.form)
        own = own_option(self.prompt, shown, answer.option)
        place = ord(own) - 65 if own else -1
        return row | {
            "verdict": OPTIONS[place] if 0 <= place < len(OPTIONS) else "unclear", "text": text,
            "why": " ".join(answer.reasoning.split())[:500] or None, "tokens_in": reply.tokens_in,
            "tokens_out": reply.tokens_out,
        }  # fmt: skip

    def cost_of(self, verdict: Row) -> int | None:
        """Picodollars of a verdict; None where its price is unknown, 0 for one that was given."""
        if self.given:
            return 0
        return self._price.cost(verdict["tokens_in"] or 0, verdict["tokens_out"] or 0) if self._price else None

    def told(self) -> Judged:
        """The counts; the journal may not be open."""
        yes, no = self.counts["yes"], self.counts["no"]
        low, high = wilson(no / (yes + no), yes + no) if yes + no else (None, None)
        return Judged(
            model=self.model_id or self.spec, yes=yes, no=no, unclear=self.counts["unclear"],
            failed=self.counts["failed"], disagreement=no / (yes + no) if yes + no else None, low=low, high=high,
            spent=self._spent(),
        )  # fmt: skip

    def _spent(self) -> float | Literal["unknown"] | None:
        if self.given:
            return None
        if self._price is None:
            return "unknown" if self.counts else 0.0
        found = spend_in(journals(Path(self.settings.out), JOURNAL), self._price, self._about)
        return "unknown" if found.uncounted else dollars(found.picodollars)


def judges(specs: Sequence[str]) -> list[plugins.Spec]:
    """The specs of a chain that ask a model."""
    parsed = [plugins.parse_spec(spec) for spec in specs]
    return [each for each in parsed if declared(plugins.load("verifiers", each.name)).ASKS]


def models_and_prompts(specs: Sequence[str]) -> tuple[list[str], list[str]]:
    """Specs of the models that judge in a chain, and the files of their prompts; empty without a judge."""
    found = judges(specs)
    return (
        [str(each.settings["model"]) for each in found if each.settings.get("model")],
        [str(plugins.prompt_path(str(each.settings.get("prompt", PROMPT)))) for each in found],
    )


def words_of(verdict: Row) -> str | None:
    """A verdict as a verifier reads it in a row; None where there is none."""
    return None if verdict["verdict"] is None else " ".join(filter(None, (verdict["verdict"], verdict["why"])))


def _about(each: Pending) -> Row:
    return {name: each.row[name] for name in ("key", "sample_id", "model_id")}


def _shown(each: Pending, prompt: Prompt) -> Sample:
    """The question that the judge is shown: the sample's own query, with the answer beside it."""
    sample, row = each
    said = [spans(prompt, from_pairs(row["windows"]))] if row["windows"] else []
    place = ord(row["option"]) - 65 if row["option"] and len(row["option"]) == 1 else -1
    said += [sample.options[place]] if 0 <= place < len(sample.options) else []
    judged = {"reasoning": str(row["reasoning"] or "").strip(), "said": "; ".join(said) or "there is no such moment"}
    extra = sample.extra | {JUDGED: judged}
    return msgspec.structs.replace(sample, options=OPTIONS, answer=None, extra=extra)


def replaced(settings: S, **changes: Any) -> S:
    """Settings with some of them changed."""
    return cast(S, msgspec.structs.replace(cast(msgspec.Struct, settings), **changes))
