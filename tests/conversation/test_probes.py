"""The probe set: answers that models could give, each with its right reading, written before the parser."""

import json
from pathlib import Path
from typing import Any

import pytest

from vtgdata.conversation.answer import Form, parse

PROBES: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parent / "probes" / "answers.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_the_set_is_whole() -> None:
    assert len(PROBES) == len({probe["id"] for probe in PROBES}) >= 300


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe["id"])
def test_a_probe_is_read_right_by_both_readings(probe: dict[str, Any]) -> None:
    form = Form(template=probe["form"], reasoning=probe["reasoning"], several=probe.get("several", False))
    answer = parse(probe["text"], duration=probe["duration"], form=form, finish_reason=probe["finish_reason"])
    assert [[window.start, window.end] for window in answer.windows] == probe["windows"], probe["why"]
    assert (answer.parse_status, answer.option) == (probe["status"], probe["option"]), probe["why"]
    assert answer.strict_ok == probe["strict"], probe["why"]


@pytest.mark.parametrize("probe", [probe for probe in PROBES if probe.get("several")], ids=lambda probe: probe["id"])
def test_a_form_that_shows_a_pair_again_wants_several_by_itself(probe: dict[str, Any]) -> None:
    assert Form(template=probe["form"]).wants_several
