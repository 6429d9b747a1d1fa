"""Turns replies into rows of `rollouts.parquet`: parsed by the one parser, scored against the current annotation.

Scores are made here and not kept in the journal: when a label is repaired, answers are scored again, never asked again.
"""

import json
from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import msgspec

from vtgdata.conversation.answer import Form, parse
from vtgdata.conversation.answer_text import opened
from vtgdata.conversation.prompt import Prompt, own_option
from vtgdata.engine.spool import WantedAnswer
from vtgdata.files import json_document, plugins
from vtgdata.files.schemas import Row
from vtgdata.records import Answer, Reply, Sample, Sampling
from vtgdata.records.windows import as_pairs

DEFAULT_SCORES = ("tiou", "format")


def finalize(
    wanted: Sequence[WantedAnswer],
    replies: Mapping[str, Reply],
    samples: Mapping[str, Sample],
    *,
    model_id: str,
    sampling: Sampling,
    form: Form,
    scores: Sequence[str] = DEFAULT_SCORES,
    served: bool = False,
    prompt: Prompt | None = None,
) -> list[Row]:
    """One row for each (sample, index) asked, in the order of `wanted`.

    A failed request, or a video that could not be read, gives a row with `error` and without `iou` or scores. An answer
    that cannot be parsed is an answer, with iou 0. `replies` holds answers and failures by key. Of a `served` model
    nobody knows the chat template: a reasoning that is closed and not opened shows that the template opens it. Where a
    `prompt` shows options in another order, `option` is the sample's own letter.
    """
    rows, answers = read(wanted, replies, samples, model_id, sampling, form, served=served, prompt=prompt)
    score_rows(rows, answers, [samples[one.sample_id] for one in wanted], scores)
    return rows


def read(
    wanted: Sequence[WantedAnswer],
    replies: Mapping[str, Reply],
    samples: Mapping[str, Sample],
    model_id: str,
    sampling: Sampling,
    form: Form,
    *,
    served: bool = False,
    prompt: Prompt | None = None,
) -> tuple[list[Row], list[Answer]]:
    """The rows of `finalize` before they are scored, and the answer of each, as the parser reads its text."""
    how = {"model_id": model_id, "sampling_id": sampling_id(sampling)}
    answers: list[Answer] = []
    rows: list[Row] = []
    for one in wanted:
        sample, reply = samples[one.sample_id], replies.get(one.key)
        if served and reply is not None and reply.text and not reply.reasoning:
            reply = msgspec.structs.replace(reply, text=opened(reply.text))
        error = one.problem or ("not asked yet" if reply is None else reply.error)
        answer = parse(
            None if reply is None or error else reply.text,
            duration=sample.video.duration,
            form=form,
            finish_reason="stop" if reply is None else reply.finish_reason,
            reasoning=None if reply is None else reply.reasoning,
        )
        if prompt is not None and prompt.shuffle is not None:
            answer = msgspec.structs.replace(answer, option=own_option(prompt, sample, answer.option))
        answers.append(answer)
        rows.append(_row(one, reply, answer, error, how))
    return rows, answers


def _row(one: WantedAnswer, reply: Reply | None, answer: Answer, error: str | None, how: Row) -> Row:
    said = reply if error is None else None
    return {
        "key": one.key, "sample_id": one.sample_id, "model_id": how["model_id"], "prompt_id": one.prompt_id,
        "sampling_id": how["sampling_id"], "frames_id": one.frames_id, "frame_times": list(one.frame_times),
        "index": one.index, "text": said and whole_text(said), "reasoning": answer.reasoning if said else None,
        "windows": as_pairs(answer.windows) if said else None, "option": answer.option if said else None,
        "parse_status": answer.parse_status if said else None, "strict_ok": answer.strict_ok if said else None,
        "iou": None, "scores": None, "finish_reason": said and said.finish_reason,
        "tokens_in": said and said.tokens_in, "tokens_out": said and said.tokens_out, "error": error,
    }  # fmt: skip


def unparsed(row: Row) -> bool:
    """Whether an answer has no window that counts, unless it rightly says that there is no moment (its IoU is 1)."""
    return row["parse_status"] not in (None, "ok") and not row["iou"]


def whole_text(reply: Reply) -> str | None:
    """The text of a reply, with separately returned reasoning put back in its tags: a trace is learnt whole."""
    return f"<think>{reply.reasoning}</think>{reply.text}" if reply.reasoning else reply.text


def score_rows(rows: Sequence[Row], answers: Sequence[Answer], samples: Sequence[Sample], names: Sequence[str]) -> None:
    """Fill in `iou` and `scores` of n rows where there is an answer and the sample is labelled.

    Args: answers, samples: one for each row; names: the score plug-ins.
    """
    chosen = [i for i, row in enumerate(rows) if row["error"] is None and samples[i].labelled]
    said, asked = [answers[i] for i in chosen], [samples[i] for i in chosen]
    values = {
        name: list(map(float, plugins.load("scores", name).score(said, asked)))
        for name in dict.fromkeys(("tiou", *names))
    }
    for position, i in enumerate(chosen):
        iou = values["tiou"][position]
        # No answer can match a benchmark's row without a usable window: it counts as 0.
        rows[i]["iou"] = 0.0 if isnan(iou) else iou
        each = ((name, values[name][position]) for name in names)
        rows[i]["scores"] = [{"name": name, "value": value} for name, value in each if not isnan(value)]


def sampling_text(sampling: Sampling, seed: int, reproducible: bool | None = None) -> str:
    """How answers were drawn, as JSON text for a table: temperature, top_p, max_tokens and the run's seed.

    Also top_k, min_p and repetition_penalty where they act, and `reproducible` (see `Collected`) unless it is None.
    """
    drawn = msgspec.to_builtins(sampling) | {"seed": seed}
    return json.dumps(drawn if reproducible is None else drawn | {"reproducible": reproducible}, sort_keys=True)


def read_sampling(text: str) -> Sampling:
    """A sampling from what `sampling_text` wrote; raises VtgError when the text is none."""
    known = {field.name for field in msgspec.structs.fields(Sampling)}
    stated = json_document.cell(text, "sampling", dict[str, Any])
    return msgspec.convert({name: value for name, value in stated.items() if name in known}, Sampling)


_SHORT = {"top_k": "k", "min_p": "n", "repetition_penalty": "r"}


def sampling_id(sampling: Sampling) -> str:
    """A readable fingerprint of a sampling, as in `t1-p1-m512`, or `t1-p1-m512-k20-r1.05` with more that acts."""
    more = "".join(f"-{_SHORT[name]}{value:g}" for name, value in sampling.further().items())
    return f"t{sampling.temperature:g}-p{sampling.top_p:g}-m{sampling.max_tokens}{more}"
