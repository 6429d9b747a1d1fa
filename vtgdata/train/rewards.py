"""Scores as rewards: passes the functions that evaluation uses to TRL's GRPOTrainer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from vtgdata.conversation import answer
from vtgdata.conversation.answer import Form
from vtgdata.files import plugins
from vtgdata.records import Sample

Reward = Callable[..., list[float | None]]


def reward(name: str, samples: Mapping[str, Sample], forms: Mapping[str, Form]) -> Reward:
    """A score plug-in as a reward function for TRL.

    Args:
        name: the score's name, or a dotted path.
        samples: by id; rows given to the trainer carry `sample_id`.
        forms: the answer form that each sample's prompt asks for, by sample id.

    Returns a function of TRL's keyword lists that gives numbers in [0, 1], and None where the score does not apply.
    """
    module = plugins.load("scores", name)

    def function(completions: Sequence[Any], sample_id: Sequence[str], **_: Any) -> list[float | None]:
        asked = [samples[key] for key in sample_id]
        said = [
            answer.parse(text_of(completion), duration=sample.video.duration, form=forms[sample.sample_id])
            for completion, sample in zip(completions, asked, strict=True)
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
