"""Questions with frames that are answered by a letter, asked before and after RL: others lost that ability.

The questions are made of the run's own rows: which of four sentences happens in the video? One is the row's, three are
of rows of other sources. They depend on the rows alone, so that two runs on one release ask the same. Answers are
greedy, and read by the one parser.
"""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from vtgdata.conversation import answer, answer_text
from vtgdata.conversation.prompt import Prompt, read_prompt
from vtgdata.files import json_document, outside, plugins
from vtgdata.files.samples import row_sample
from vtgdata.files.whole import write_json
from vtgdata.records import Sample
from vtgdata.train.crew import Crew
from vtgdata.train.data import Frames, Row, conversation
from vtgdata.train.model import Opened

log = logging.getLogger("vtgdata")
NAME = "letters.json"
OPTIONS = 4
TRIES = 4
"""Rows that are looked at for each question wanted."""
ASKS = "Which of these happens in the video?"
TEXT = """---
reasoning: false
answer: "{option}"
---
{frames}
{query}
{options}
Answer with the letter alone.
"""


class Letters(msgspec.Struct, frozen=True, kw_only=True):
    """How many questions were answered by the right letter."""

    questions: int
    before: int
    after: int
    by_chance: float
    """Expected of guesses."""
    lost: int
    """Right before, and wrong after."""
    gained: int


class Question(msgspec.Struct, frozen=True):
    """A question about the video of a row."""

    row: Row
    sample: Sample
    """With the options, and the right letter."""


def questions(rows: Sequence[Row], count: int) -> list[Question]:
    """At most `count` questions about rows; none where there are too few sources with other sentences.

    Rows that are questions themselves say nothing that happens, and answering them is what the run may train.
    """
    ordered = sorted((row for row in rows if not row.get("options")), key=lambda row: _hash(row["sample_id"]))
    samples = [row_sample(row) for row in ordered]
    found: list[Question] = []
    for row, sample in zip(ordered[: TRIES * count], samples, strict=False):
        others = _others(sample, samples)
        if len(others) == OPTIONS - 1 and len(found) < count:
            right = _hash(row["sample_id"]) % OPTIONS
            options = (*others[:right], sample.query, *others[right:])
            letter = chr(ord("A") + right)
            asked = msgspec.structs.replace(sample, query=ASKS, options=options, answer=letter, task="grounded_qa")
            found.append(Question(row, asked))
    return found


def _others(sample: Sample, samples: Sequence[Sample]) -> list[str]:
    """Sentences of other sources that are not the sample's own, the first ones from a place that hangs on its id."""
    start, found = _hash(f"other {sample.sample_id}") % len(samples), dict[str, str]()
    for number in range(len(samples)):
        other = samples[(start + number) % len(samples)]
        words = other.query.casefold()
        if other.video.source != sample.video.source and words != sample.query.casefold():
            found.setdefault(words, other.query)
        if len(found) == OPTIONS - 1:
            break
    return list(found.values())


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def ask(
    asked: Sequence[Question], prompts: Mapping[str, Prompt], frames: Frames, opened: Opened, trainer: Any
) -> list[bool]:
    """Whether the model that a trainer holds answers each question rightly; all processes call it, and all ask all."""
    import torch
    from trl.models.utils import unwrap_model_for_generation

    score = plugins.load("scores", "answer").score
    batch, right = max(1, min(8, trainer.args.per_device_train_batch_size)), list[bool]()
    whole = trainer._dist.summon_full_params(trainer.model_wrapped, recurse=False)
    unwrapped = unwrap_model_for_generation(trainer.model_wrapped, trainer.accelerator)
    # What training draws may not depend on whether it was asked.
    with torch.random.fork_rng(), unwrapped as model, torch.no_grad(), whole:
        training = model.training
        model.eval()
        for start in range(0, len(asked), batch):
            some = asked[start : start + batch]
            texts = _said(model, [_shown(each, prompts, frames, opened) for each in some], opened, trainer)
            read = [answer.parse(text, form=_prompt().form) for text in texts]
            right += [bool(value == 1.0) for value in score(read, [each.sample for each in some])]
        model.train(training)
    return right


def _prompt() -> Prompt:
    return read_prompt("letters", TEXT, NAME)


def _shown(asked: Question, prompts: Mapping[str, Prompt], frames: Frames, opened: Opened) -> tuple[str, list[Any]]:
    """The prompt of a question, its times written as in the row's own, and its pictures."""
    own = prompts[asked.row["prompt_id"]]
    prompt = msgspec.structs.replace(_prompt(), time=own.time, unit=own.unit)
    times, images = frames(asked.row)
    chat = conversation(prompt, asked.sample, times, opened.plain)
    return opened.processor.apply_chat_template(chat, add_generation_prompt=True, tokenize=False), list(images)


MOST = 128
"""Most tokens of an answer, which may have reasoning before its letter; fewer if the run's answers have fewer."""


def _said(model: Any, shown: Sequence[tuple[str, list[Any]]], opened: Opened, trainer: Any) -> list[str]:
    from transformers import GenerationConfig

    processor, tokenizer = opened.processor, opened.processor.tokenizer
    made = processor(
        text=[text for text, _ in shown],
        images=[images for _, images in shown],
        padding=True,
        padding_side="left",
        add_special_tokens=False,
        return_tensors="pt",
    ).to(trainer.accelerator.device)
    ends = trainer.generation_config.eos_token_id
    drawn = GenerationConfig(
        do_sample=False,
        max_new_tokens=min(MOST, trainer.max_completion_length),
        eos_token_id=ends,
        pad_token_id=tokenizer.pad_token_id,
    )
    output = model.generate(**made, generation_config=drawn)[:, made["input_ids"].shape[1] :]
    texts = tokenizer.batch_decode(output, skip_special_tokens=True)
    return [answer_text.opened(text, by_template=True) if opened.opening else text for text in texts]


def callback(ask_now: Callable[[], list[bool]], kept: Path, crew: Crew) -> Any:
    """A callback of the trainer that asks before the first step of a run, once.

    What was right then lies in a file in `kept`, for the parts of the run that follow and when it is taken up again.
    """
    from transformers import TrainerCallback

    class _Asks(TrainerCallback):
        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == 0:
                before = ask_now()
                if crew.writes:
                    write_json(kept / NAME, before)

    return _Asks()


def result(kept: Path, after: Sequence[bool]) -> Letters | None:
    """What was right before and after; None where nobody asked before. Logs a loss that is more than chance."""
    if not (kept / NAME).exists():
        return None
    before = json_document.decode(outside.read_bytes(kept / NAME), type=list[bool])
    if len(before) != len(after):
        return None
    lost = sum(one and not other for one, other in zip(before, after, strict=True))
    gained = sum(other and not one for one, other in zip(before, after, strict=True))
    if lost - gained > 2 * math.sqrt(lost + gained):
        log.warning(
            "letters: %d of %d questions with frames were answered rightly before, %d now: that is no accident. Mix in "
            "question rows (--configs), lower --learning-rate, or raise --beta.",
            sum(before),
            len(before),
            sum(after),
        )
    return Letters(
        questions=len(before),
        before=sum(before),
        after=sum(after),
        by_chance=len(before) / OPTIONS,
        lost=lost,
        gained=gained,
    )
