"""What a release may have run: a release is data from somebody else, and its steps are run with the user's rights.

So only commands that make files for a release are run, only on paths inside the rebuild's own folder, and no server is
asked.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from vtgdata.errors import VtgError
from vtgdata.files import outside, plugins
from vtgdata.files import step as steps
from vtgdata.releases.rebuild import answers, paths
from vtgdata.releases.rebuild import record as rebuild_record
from vtgdata.releases.rebuild.record import RebuildRecord, StepRecord

COMMANDS = frozenset((
    "ingest", "check", "curate", "negatives", "videos verify", "videos bind", "videos proxy", "videos warm",
    "build-coldstart", "score-difficulty", "import rollouts", "compare-rates", "propose", "evaluate", "select", "audit",
    "review", "exchange", "report", "release", "pull", "export", "train sft", "train rl", "train distill",
    "demo-draw", "demo-base",
))  # fmt: skip
"""Commands that write nothing but their own output folder; `remove` and `push` are none of them."""
_OWN = paths.MACHINE | {*steps.HOW, *steps.ONCE, "out", "recipe"}
"""Settings that the user of the release decides, not the release."""


def check(record: RebuildRecord, where: str) -> None:
    """Raise VtgError, naming the step, when a record asks for what no release needs.

    Args:
        record: of the release.
        where: the release, for the message.
    """
    for step in record.steps:
        for wrong in _wrong(step):
            raise VtgError(f"{where}: step {step.id!r} {wrong}, which no release needs. Do not use it.")


def check_recipe(document: Mapping[str, Any], where: str) -> None:
    """Raise VtgError, naming the step, when a recipe that lies in a release asks for what no release needs.

    Args:
        document: the recipe as it is written.
        where: its path, for the message.
    """
    known = ("id", "command", "out")
    steps: Any = document.get("steps")
    listed: list[Any] = cast(list[Any], steps) if isinstance(steps, list) else []  # recipe.load says what is wrong
    place: dict[str, Any] = {"id": "out", "command": "ingest", "paths": str(document.get("out") or "")}
    for each in (place, *(cast(dict[str, Any], step) for step in listed if isinstance(step, dict))):
        settings = {name: value for name, value in each.items() if name not in known}
        for wrong in _wrong_settings(str(each.get("command")), settings):
            raise VtgError(
                f"{where}: lies in a release, and its step {each.get('id') or each.get('command')!r} {wrong}, which no "
                "release needs. If you trust it, copy the recipe to a folder of your own and run it from there."
            )


def _wrong(step: StepRecord) -> Iterator[str]:
    yield from _wrong_settings(step.command, step.settings)
    model = step.settings.get("model")
    for each in answers.teachers(step.settings) if step.answers is not None and step.answers.repeatable else ():
        if not answers.repeatable(each):
            yield f"says that {each} gives the same answers again"
    judged = step.judged or None
    for judge in answers.judges_of(step.settings):
        asked = str(judge.settings["model"])
        if judged is None:
            yield f"asks {asked} for verdicts that it does not count"
        elif judged.repeatable and not answers.repeatable(asked):
            yield f"says that {asked} gives the same verdicts again"
    if step.answers is None and model is not None and step.command in ("build-coldstart", "score-difficulty"):
        yield f"asks {model} for answers that it does not count"


def _wrong_settings(command: str, settings: Mapping[str, Any]) -> Iterator[str]:
    if command not in COMMANDS:
        yield f"runs `vtgdata {command}`"
    for name, value in settings.items():
        if name in _OWN:
            yield f"sets {name}"
        if name == "verify":
            specs = [plugins.parse_spec(text) for text in rebuild_record.texts(value)]
            yield from (f"sets {key} in {name}" for spec in specs for key in spec.settings if key in _OWN)
        for text in rebuild_record.texts(value):
            if outside.at_home(text) != text or (
                name not in paths.NO_PATHS | paths.VERBATIM
                and (paths.without_machine(text) != text or ".." in text.split("/"))
            ):
                yield f"names {text!r} in {name}, outside its own folder"
