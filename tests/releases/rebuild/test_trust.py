"""A release is data from somebody else: what it has run writes nowhere else, asks nobody, and runs no code but ours."""

import msgspec
import pytest

from vtgdata.cli import commands
from vtgdata.errors import VtgError
from vtgdata.releases.rebuild import trust
from vtgdata.releases.rebuild.record import Answers, RebuildRecord, StepRecord

ANSWERS = Answers(models=["openai_api:m"], rows=1, stored=True)


def record(**changes: object) -> RebuildRecord:
    step = StepRecord(id="one", command="ingest", settings={"corpus": "charades_sta", "paths": ["raw/one/a.txt"]})
    return RebuildRecord(schema_version=1, steps=[msgspec.structs.replace(step, **changes)], raw=[])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"command": "push"}, "runs `vtgdata push`"),
        ({"command": "remove", "settings": {"file": "raw/x.json"}}, "runs `vtgdata remove`"),
        ({"settings": {"paths": ["/etc/passwd"]}}, "outside its own folder"),
        ({"settings": {"paths": ["raw/../../../x"]}}, "outside its own folder"),
        ({"settings": {"model": "scripted:~/x.parquet"}}, "outside its own folder"),
        ({"settings": {"endpoint": ["http://elsewhere/v1"]}, "answers": ANSWERS}, "sets endpoint"),
        ({"settings": {"frames": "frames"}}, "sets frames"),
        ({"settings": {"batch": "b"}}, "sets batch"),
        ({"settings": {"replace": True}}, "sets replace"),
        ({"command": "score-difficulty", "settings": {"model": "openai_api:m"}}, "does not count"),
        (
            {"settings": {"model": "openai_api:m"}, "answers": msgspec.structs.replace(ANSWERS, repeatable=True)},
            "gives the same answers again",
        ),
    ],
)
def test_what_no_release_needs_is_refused(changes, said):
    trust.check(record(), "theirs")
    with pytest.raises(VtgError, match=r"^theirs: step 'one' ") as error:
        trust.check(record(**changes), "theirs")
    assert said in str(error.value)


def test_a_new_command_is_trusted_or_not_on_purpose():
    refused = {"remove", "push", "diff", "rebuild", "demo-report"}
    assert trust.COMMANDS | refused == set(commands.COMMANDS), "say in trust.COMMANDS whether a release may run it"
