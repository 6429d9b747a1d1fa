"""What rebuilds a release: `rebuild.json` names its steps, the files that these read, and the answers that they got.

    rebuild.json   steps in order with their settings, raw files by hash, answers of models
    recipe.yaml    the same steps as a recipe, for people and for `vtgdata run`

In a setting, `@id/file` is a file of an earlier step and `raw/...` a raw file. No path of a machine is in either file.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Literal, cast

import msgspec
import yaml
from msgspec import UNSET, UnsetType

from vtgdata.errors import VtgError
from vtgdata.files import json_document, recipe
from vtgdata.releases.document import Release

NAME = "rebuild.json"
RECIPE = "recipe.yaml"
SCHEMA_VERSION = 1
RAW = "raw"
"""Folder of the raw files, in settings."""
VIDEOS = "videos"
"""Folder of the videos, in settings, if no step made it."""
LAST = "release"
"""Id of the step that made the release itself."""


class RawFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that no step made."""

    place: str
    """Where settings look for it: `raw/...`."""
    name: str
    sha256: str
    bytes: int | None
    """None if the file was gone by the time of the release."""
    source: str = ""
    """Where it is published, in words or as a link; empty if nobody knows."""
    license: str = ""


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """The answers that a step got from a model."""

    models: list[str]
    """Ids of the models, as in the column `model_id`; empty if the answers were gone by the time of the release."""
    prompts: list[str] = []
    """Ids of the prompts."""
    rows: int = 0
    """Number of answers."""
    tokens_in: int = 0
    tokens_out: int = 0
    stored: bool = False
    """Whether the release's config `rollouts` holds them, but for those about removed samples."""
    keys: list[str] = []
    """Keys of those that stand beside another step's answers to the same questions, drawn with another seed."""
    removed: int = 0
    """Number of answers about removed samples: these stay behind."""
    repeatable: bool = False
    """Whether the model says the same again on any machine, so that it can simply be asked (`scripted`)."""


class Taught(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the answers of one of several teachers, as the step's summary says it."""

    model: str
    asked: int
    """Samples that it was asked about."""
    samples_with_trace: int
    traces: int
    """Answers that were kept, before any quota."""
    reasons: dict[str, int]
    """{reason: answers that were not kept}."""
    spent: float | Literal["unknown"] | None
    """US dollars; None where stored answers were taken."""
    per_trace: float | Literal["unknown"] | None
    """US dollars for each trace; None where there is none."""


class StepRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One command with its settings."""

    id: str
    command: str
    settings: dict[str, Any]
    videos: bool = False
    """Whether it needs the folder of videos, which no step made."""
    answers: Answers | None = None
    """Set if the step asked a model."""
    judged: Answers | UnsetType = UNSET
    """The verdicts that it got from a judge, another model in its chain of verifiers."""
    teachers: list[Taught] | UnsetType = UNSET
    """Of several teachers asked in turn, in turn."""

    @property
    def reads(self) -> list[str]:
        """What it reads: ids of steps, then raw files and the folder of videos, sorted."""
        found = {recipe.references(text)[0] for text in texts(self.settings) if recipe.references(text)}
        raw = {each for each in texts(self.settings) if each.startswith(f"{RAW}/")}
        return [*sorted(found), *sorted(raw), *([VIDEOS] if self.videos else [])]

    @property
    def unanswered(self) -> bool:
        """Whether its answers, or its judge's verdicts, cannot be had again."""
        return any(not each.stored and not each.repeatable for each in (self.answers, self.judged) if each)

    @property
    def stored(self) -> bool:
        """Whether a rebuild takes the answers from the release. A model that says the same again gives them all."""
        answers = self.answers
        return answers is not None and answers.stored and not (answers.removed and answers.repeatable)

    @property
    def given_verdicts(self) -> bool:
        """Whether a rebuild takes the judge's verdicts from the release."""
        return bool(self.judged) and self.judged.stored

    @property
    def looks(self) -> bool:
        """Whether a rebuild needs the folder of videos for it."""
        return self.videos and not (self.stored and (self.given_verdicts or not self.judged))


class RebuildRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of rebuild.json."""

    schema_version: int
    steps: list[StepRecord]
    """In an order in which they can run; the last one made the release."""
    raw: list[RawFile]
    hub: list[str] = []
    """Releases on the Hub that steps read, as `org/name@tag`."""
    code: list[str] = []
    """Modules that are not of vtgdata and that steps named."""


def read(release: Release) -> RebuildRecord:
    """The record in a release; raises VtgError that says what is missing when it has none that we can use."""
    if NAME not in release.document.files:
        inputs = [f"{each['name']} ({key})" for key, found in release.document.inputs.items() for each in found]
        raise VtgError(
            f"{release.path}: has no {NAME}, since {release.document.tool} made it before releases said what rebuilds "
            f"them. It says only that it was made of {', '.join(inputs) or 'files that it does not name'}; the "
            "commands that made these, and the raw files, are not known. Release it anew from its inputs to have them."
        )
    return decoded(release.checked(NAME), f"{release.path}/{NAME}")


def decoded(raw: bytes, where: str) -> RebuildRecord:
    """A record from its bytes; raises VtgError when it is none, or is of a newer form."""
    try:
        record = json_document.decode(raw, type=RebuildRecord)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VtgError(f"{where}: does not say how to rebuild the release ({error}). Get the release anew.") from error
    if record.schema_version > SCHEMA_VERSION:
        raise VtgError(f"{where}: is of form {record.schema_version}; this vtgdata reads {SCHEMA_VERSION}. Install a "
                       "newer vtgdata.")  # fmt: skip
    for raw_file in record.raw:
        if ".." in raw_file.place.split("/") or not raw_file.place.startswith(f"{RAW}/"):
            raise VtgError(f"{where}: names the place {raw_file.place!r}, which is not below {RAW}/. Do not use it.")
    if not record.steps or record.steps[-1].id != LAST:
        raise VtgError(f"{where}: its last step is no release. Get the release anew.")
    return record


def recipe_text(steps: Iterable[StepRecord]) -> str:
    """The steps as a recipe, in YAML; the same steps give the same text."""
    document = {
        "out": "rebuilt",
        "seed": 0,
        "steps": [{"id": step.id, "command": step.command, **step.settings} for step in steps],
    }
    head = (
        "# Makes:   this release, from the raw files of rebuild.json under raw/.\n"
        "# Command: vtgdata rebuild RELEASE --raw DIR --out DIR, which checks the raw files and the result.\n"
    )
    return head + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def texts(value: Any) -> Iterator[str]:
    """Every text in a setting's value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in cast(dict[str, Any], value).values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in cast(list[Any], value):
            yield from texts(inner)


def references(settings: dict[str, Any]) -> set[str]:
    """The ids of the steps whose files these settings name."""
    return {name for text in texts(settings) for name in recipe.references(text)}


def ordered(steps: Iterable[StepRecord]) -> list[StepRecord]:
    """Steps in an order in which each follows what it reads: those with smaller ids first, the release last."""
    left = {step.id: step for step in steps}
    done: dict[str, StepRecord] = {}
    while left:
        ready = sorted(name for name, step in left.items() if references(step.settings) <= done.keys())
        ready = [name for name in ready if name != LAST] or ready or sorted(left)
        done[ready[0]] = left.pop(ready[0])
    return list(done.values())
