"""Scores as rewards: passes the functions that evaluation uses to TRL's GRPOTrainer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from vtgdata.conversation import answer, answer_text
from vtgdata.conversation.answer import Form
from vtgdata.files import plugins
from vtgdata.records import Sample

Reward = Callable[..., list[float | None]]


def reward(
    name: str,
    samples: Mapping[str, Sample],
    forms: Mapping[str, Form],
    ends: Collection[int] = (),
    *,
    opened: bool = False,
) -> Reward:
    """A score plug-in as a reward function for TRL.

    A completion that does not end with one of `ends` was cut off, and is read as evaluation reads it then.

    Args:
        name: the score's name, or a dotted path.
        samples: by id; rows given to the trainer carry `sample_id`.
        forms: the answer form that each sample's prompt asks for, by sample id.
        ends: ids of the tokens with which a whole completion ends; if empty, every completion counts as whole.
        opened: whether the chat template writes the mark that opens the reasoning, so that no completion has it.

    Returns a function of TRL's keyword lists that gives numbers in [0, 1], and None where the score does not apply.
    """
    module = plugins.load("scores", name)

    def function(
        completions: Sequence[Any],
        sample_id: Sequence[str],
        completion_ids: Sequence[Sequence[int]] | None = None,
        **_: Any,
    ) -> list[float | None]:
        asked = [samples[key] for key in sample_id]
        tokens = completion_ids if ends and completion_ids is not None else [()] * len(asked)
        said = [
            answer.parse(
                answer_text.opened(text_of(completion), by_template=True) if opened else text_of(completion),
                duration=sample.video.duration,
                form=forms[sample.sample_id],
                finish_reason="length" if ids and ids[-1] not in ends else "stop",
            )
            for completion, sample, ids in zip(completions, asked, tokens, strict=True)
        ]
        return [None if np.isnan(value) else float(value) for value in module.score(said, asked)]

    function.__name__ = name
    return function


def text_of(completion: Any) -> str:
    """The text of a completion as TRL passes it to rewards: a string, or one assistant message in either form."""
    if isinstance(completion, str):
        return completion
    content = completion[-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
