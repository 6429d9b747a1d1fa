"""What every verifier promises; a new file in vtgdata/plugins/verifiers is picked up by itself."""

import copy
import re
from typing import Any

import pytest

from vtgdata.conversation import verifying
from vtgdata.conversation.verifying import VerifierExample, example_row, example_sample, parted
from vtgdata.engine.verification import Chain
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.schemas import Row
from vtgdata.records import Sample

NAMES = plugins.names("verifiers")
TEXTS = (
    "<think>The person opens the door.</think><answer>5.0 to 10.0</answer>",
    "<think></think><answer>5.0 to 10.0</answer>",
    "<answer>5.0 to 10.0</answer>", "5 to 10 s", "", "I cannot help with that.", "<think>never closed 3.0 to",
    "<answer>10.0 to 5.0</answer>", "<answer>5.0 to 5.0</answer>", "<answer>90.0 to 95.0</answer>",
    "<think>" + "word " * 5000 + "</think><answer>0.0 to 9e9</answer>", "<answer>(B)</answer>",
    "\u72d7 5.0 \u5230 10.0",
    "<think>\x00\ud7ff {brackets} %s \\ 5.0</think><answer>1:00 to 2:00</answer>",
)  # fmt: skip
"""What a model may say."""
SAMPLES = (
    example_sample(), example_sample(windows=[]), example_sample(duration=None), example_sample(labelled=False),
    example_sample(windows=[(1.0, 2.0), (20.0, 25.0)]), example_sample(query=""),
    example_sample(task="grounded_qa", options=("a", "b"), answer="B"),
)  # fmt: skip


def example_of(name: str) -> VerifierExample:
    found = getattr(plugins.load("verifiers", name), "EXAMPLE", None)
    assert isinstance(found, VerifierExample), "its module has an EXAMPLE, a VerifierExample: see CONTRIBUTING.md"
    return found


def verify(name: str, rows: list[Row], sample: Sample, pool: tuple[Sample, ...] = (), **settings: Any) -> list:
    module = plugins.load("verifiers", name)
    given = {"prepared": module.prepare(pool, **settings)} if hasattr(module, "prepare") and pool else {}
    return module.verify(rows, sample, None, **given, **settings)


def rows_of(sample: Sample) -> list[Row]:
    rows = [example_row(text, sample, prompt=prompt) for text in TEXTS for prompt in ("ground", "ground_several")]
    rows += [row | {"error": "timeout", "text": None, "reasoning": None, "windows": None} for row in rows[:1]]
    unknown = {"prompt_id": "mine-01234567", "prompt": None, "iou": None, "scores": None, "frame_times": []}
    rows += [row | unknown for row in rows[:4]]
    return [row | {"index": index, "key": str(index)} for index, row in enumerate(rows)]


@pytest.mark.parametrize("name", NAMES)
def test_the_fault_is_caught_and_its_twin_passes(name: str):
    example = example_of(name)
    found = verify(name, list(example.rows), example.sample, example.pool, **example.settings)
    assert [why and parted(why).code for why in found] == list(example.reasons)
    assert None in example.reasons and len(set(example.reasons)) > 1, "a fault, and a good twin"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_else_changes(name: str):
    example = example_of(name)
    rows, sample = copy.deepcopy(list(example.rows)), copy.deepcopy(example.sample)
    verify(name, rows, sample, example.pool, **example.settings)
    assert rows == list(example.rows) and sample == example.sample


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_whatever_a_model_says_has_a_reason_with_a_code_or_none(name: str, number: int):
    rows = rows_of(SAMPLES[number])
    found = verify(name, rows, SAMPLES[number])
    assert len(found) == len(rows)
    assert found == verify(name, rows, SAMPLES[number]), "the same rows have the same reasons"
    for why in filter(None, found):
        assert re.fullmatch(r"[a-z][a-z0-9_.]*", parted(why).code)


@pytest.mark.parametrize("name", NAMES)
def test_a_reason_of_a_row_does_not_depend_on_the_others_unless_it_says_so(name: str):
    if verifying.declared(plugins.load("verifiers", name)).WHOLE:
        return
    example = example_of(name)
    for row, why in zip(example.rows, example.reasons, strict=True):
        (alone,) = verify(name, [row], example.sample, example.pool, **example.settings)
        assert (alone and parted(alone).code) == why


@pytest.mark.parametrize("name", NAMES)
def test_its_settings_are_checked_before_anything_is_asked(name: str):
    with pytest.raises(VtgError, match="unknown setting"):
        Chain([f"{name}:no_such_setting=1"])
    with pytest.raises(VtgError, match=name):
        Chain([f"{name}:something"])


@pytest.mark.parametrize("name", NAMES)
def test_its_first_line_says_what_it_wants(name: str):
    first = (plugins.load("verifiers", name).__doc__ or "").splitlines()[0]
    assert re.match(r"[A-Z][a-z ]+: \S", first), first
