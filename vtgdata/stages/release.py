"""Release: combine the files of earlier steps into one versioned dataset with card, licences, prompts and provenance.

    out/release.json                                    what the release is: counts, hashes, models; written last
    out/README.md CHANGELOG.md LICENSES.md              for people; README.md is the Hub's dataset card
    out/data/<config>/<split>-00000-of-00001.parquet    configs samples, coldstart, rl, difficulty, rollouts, drops
    out/LICENSES/<licence>.txt  croissant.json          each licence's notice; the release for tools that load datasets
    out/LICENSES/texts/<licence or corpus>.txt          the texts that must travel, as the user gave them
    out/plots/<n>-<plot>.svg                            the card's plots
    out/prompts/<name>.md                               every prompt's whole text
    out/rebuild.json recipe.yaml                        what rebuilds it: steps, raw files, answers of models

Rows are sorted by the version that first contained them, so that versions share bytes. The same inputs give the same
Parquet bytes. A release contains no video and no local path.
"""

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from vtgdata import releases
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.meta import changed_inputs
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.releases import COLUMNS, Release, diff, hub, licence_texts, teacher_terms, tombstones
from vtgdata.releases.columns import RATED, TRACED, kind_of
from vtgdata.releases.dating import Dated, date
from vtgdata.releases.rebuild import answers, lineage
from vtgdata.releases.rows import Config, Sources
from vtgdata.releases.write import Contents, write

log = logging.getLogger("vtgdata")
_SPLIT = re.compile(r"\w+(\.\w+)*\Z", re.ASCII)
_PROMISES = {"minor": "was added", "major": "was removed or changed"}
_CONFIG = re.compile(r"[a-z]\w*\Z", re.ASCII)


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes into a release."""

    out: str
    """Folder of this version; the release's files lie directly in it."""
    version: str
    """Version X.Y.Z of this release; higher than that of the previous one."""
    samples: str
    """samples.parquet with all samples that the other files refer to."""
    coldstart: str = ""
    """traces.parquet; only its kept traces are published."""
    pass_rates: str = ""
    """pass_rates.parquet, for the config `difficulty`."""
    splits: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """Selected rows as NAME=rows.parquet, published as a config of that name (as in rl=rows.parquet); a name that
    begins with coldstart, as coldstart_qa, takes a traces.parquet, and so does rejected: the answers that became no
    trace, with their reasons; difficulty_qa takes the pass_rates.parquet of another prompt."""
    rollouts: list[str] = msgspec.field(default_factory=list[str])
    """rollouts.parquet whose rows are all published; may be given several times."""
    drops: list[str] = msgspec.field(default_factory=list[str])
    """drops.parquet: rows that were left out, and why; may be given several times."""
    previous: str = ""
    """Folder of the release before this one, or `org/name@tag`."""
    tombstones: str = ""
    """List of what was permanently removed: a file of `vtgdata remove`, a release's folder or `org/name@tag`. The list
    of the previous release always applies too."""
    teacher_terms: str = ""
    """JSON file with terms of teacher models that our register lacks. Each has match, provider, link,
    no_competing_models (true, false or null) and read (the text that says so, with its date)."""
    license_texts: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """Texts of licences that must travel with every copy, as LICENCE=FILE or CORPUS=FILE; those of the previous release
    are taken over."""
    made_by: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """Recipe to which this step belongs: its name, and the hash of its steps up to this one; `vtgdata run` fills it
    in."""
    name: str = ""
    """Display name of the dataset; by default that of the previous release, or one made of the corpora's names."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """What is in the release."""

    name: str
    """Display name of the dataset."""
    version: str
    first: bool
    """Whether there is no previous release."""
    configs: dict[str, dict[str, int]]
    """{config: {split: number of rows}}."""
    changes: dict[str, dict[str, int]]
    """{config: {`added`, `removed` or `changed`: number of rows}} since the previous release."""
    proposed: str
    """Lowest version number that semantic versioning allows for these changes."""
    removed: int
    """Number of given samples that were left out because they are permanently removed."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Make a release.

    Raises VtgError when an input is invalid, when a training row's video is also in a benchmark, or when the version is
    not above the previous one or too small a step for the changes; Conflict when the folder holds something other than
    a release.
    """
    releases.parse_version(settings.version)
    for config in settings.splits:
        if not _CONFIG.match(config) or (config in COLUMNS and config != "rejected"):
            raise VtgError(
                f"--split {config}=...: a config is named in small letters, digits, _ and not {', '.join(COLUMNS)}."
            )
    if settings.made_by and not {"name", "sha256"} <= set(settings.made_by) <= {"name", "sha256", "limit"}:
        raise VtgError("--made-by: takes name=... and sha256=...; `vtgdata run` fills it in, so leave it out.")
    earlier, named = (hub.local(text) if text else "" for text in (settings.previous, settings.tombstones))
    given = [
        settings.samples, settings.coldstart, settings.pass_rates, *settings.splits.values(), *settings.rollouts,
        *answers.verdicts_beside(settings.rollouts), *settings.drops, f"{earlier}/{releases.NAME}" if earlier else "",
        settings.teacher_terms, named, *settings.license_texts.values(),
    ]  # fmt: skip
    with Step(
        "release",
        settings,
        Summary,
        code=[__name__, *(plugins.module_name("corpora", corpus) for corpus in plugins.names("corpora"))],
        inputs=[*filter(None, given), plugins.resources("cards") / "dataset.md.j2"],
        reads=[earlier] if earlier else [],
    ) as step:
        if (done := step.up_to_date()) is not None:
            return done
        previous = releases.open_release(earlier) if earlier else None
        _check_previous(settings, previous)
        carried = tombstones.of_release(previous) if previous else tombstones.Tombstones()
        removed = tombstones.merged(carried, tombstones.read(named))
        sources = Sources(settings.samples, removed)
        configs = _configs(settings, sources)
        dated = _dated(configs, settings.version, previous)
        changes = {config: found.counts for config, found in dated.items()}
        for config, splits in (previous.document.configs if previous else {}).items():
            gone = {"added": 0, "removed": sum(data.rows for data in splits.values()), "changed": 0}
            changes.setdefault(config, gone)
        proposed = _check_version(settings, previous, changes)
        contents = Contents(
            name=settings.name,
            version=settings.version,
            sources=sources,
            configs={name: (config, dated[name]) for name, config in configs.items()},
            changes=changes,
            previous=previous.document if previous else None,
            removed=removed,
            own_terms=teacher_terms.read(settings.teacher_terms),
            inputs=_inputs(settings, step),
            settings=_settings(settings, previous),
            recipe=settings.made_by,
            texts=licence_texts.gather(settings.license_texts, previous, sources.index.licences),
            rebuild=lineage.gather(step.settings, step.inputs, sources.index.removed),
        )
        out = step.start()
        document = write(out, contents)
        for step_record in contents.rebuild.steps:
            if step_record.unanswered:
                log.info(
                    "answers of %s are not in it, so nobody can rebuild it; --rollouts FILE publishes them",
                    step_record.id,
                )
        if advice := licence_texts.advice(document, contents.texts):
            log.warning("%s", advice)
        summary = Summary(
            name=document.name,
            version=document.version,
            first=previous is None,
            configs={
                config: {name: data.rows for name, data in splits.items()}
                for config, splits in document.configs.items()
            },
            changes=changes,
            proposed=proposed,
            removed=len(sources.index.removed),
            out=settings.out,
        )
        if changed := changed_inputs(step.inputs):
            raise VtgError(
                f"{changed[0]}: changed while it was read, so the release would not be of it. Run this again."
            )
        # release.json last: until it is there, the files beside it are no release.
        return step.finish(summary, outputs=sorted(releases.named(document), key=lambda name: name == releases.NAME))


def _configs(settings: Settings, sources: Sources) -> dict[str, Config]:
    """{config: rows}, in the order in which the card shows them, without configs that have no rows."""
    configs = {"samples": sources.samples()}
    for split in sorted(sources.index.splits):
        if not _SPLIT.match(split):
            raise VtgError(
                f"{settings.samples}: split {split!r}: a split's name on the Hub has letters, digits, _ and dots only."
            )
    if settings.coldstart:
        configs["coldstart"] = sources.traces(settings.coldstart)
    for config, path in settings.splits.items():
        if config == "rejected":
            configs[config] = sources.rejected(path)
            continue
        read = {TRACED: sources.traces, RATED: sources.pass_rates}.get(kind_of(config))
        configs[config] = read(path, config) if read else sources.chosen(config, path)
    if settings.pass_rates:
        configs["difficulty"] = sources.pass_rates(settings.pass_rates)
    configs["rollouts"] = sources.rollouts(settings.rollouts)
    configs["verdicts"] = sources.verdicts(answers.verdicts_beside(settings.rollouts))
    configs["drops"] = sources.drops(settings.drops)
    return {name: config for name, config in configs.items() if len(config.ranks)}


def _dated(configs: Mapping[str, Config], version: str, previous: Release | None) -> dict[str, Dated]:
    """{config: when its rows came}."""
    found: dict[str, Dated] = {}
    changed: NDArray[np.bool_] | None = None
    for name, config in configs.items():
        found[name] = date(config, version, previous, changed)
        if name == "samples":
            changed = np.zeros(len(config.ranks), dtype=bool)
            changed[config.ranks] = found[name].changed
    return found


def _check_previous(settings: Settings, previous: Release | None) -> None:
    if previous is None:
        return
    if previous.version >= releases.parse_version(settings.version):
        raise VtgError(
            f"--version {settings.version}: must be above the previous release's {previous.document.version}: a higher "
            "first number when rows change their meaning, second when rows are added, third otherwise."
        )


def _check_version(settings: Settings, previous: Release | None, changes: dict[str, dict[str, int]]) -> str:
    """The lowest version number that semantic versioning allows for these changes.

    Raises VtgError when --version is a smaller step than that, unless the previous version is below 1.0.0: such
    versions promise nothing.
    """
    if previous is None:
        return settings.version
    before = previous.document.version
    level = diff.level_of(changes, files=True)
    proposed = diff.following(before, level)
    if previous.version >= (1, 0, 0) and diff.step(before, settings.version) < diff.LEVELS.index(level):
        counts = "; ".join(
            f"{config}: " + ", ".join(f"{count} {what}" for what, count in found.items() if count)
            for config, found in changes.items()
            if any(found.values())
        )
        raise VtgError(
            f"--version {settings.version}: after {before} that says that no row {_PROMISES[level]}, but they were "
            f"({counts}). Make it {proposed}."
        )
    return proposed


def _settings(settings: Settings, previous: Release | None) -> dict[str, Any]:
    """The settings that were given, with every local path reduced to its last part, a release's to its version."""

    def short(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: short(inner) for key, inner in sorted(value.items())}
        if isinstance(value, list):
            return sorted(map(short, value))
        return value if hub.pinned(value) else Path(value).name

    given = {
        name: value
        for name, value in msgspec.to_builtins(settings).items()
        if value and name not in ("out", "made_by", "replace")
    }
    if previous is not None and not hub.pinned(settings.previous):
        given["previous"] = previous.document.version
    kept = ("name", "version", "previous")
    return {name: value if name in kept else short(value) for name, value in sorted(given.items())}


def _inputs(settings: Settings, step: Step[Summary]) -> dict[str, list[dict[str, str]]]:
    named: dict[str, list[str]] = {
        "samples": [settings.samples], "coldstart": [settings.coldstart], "pass_rates": [settings.pass_rates],
        **{config: [path] for config, path in settings.splits.items()}, "rollouts": list(settings.rollouts),
        "verdicts": answers.verdicts_beside(settings.rollouts), "drops": list(settings.drops),
        "tombstones": [hub.local(settings.tombstones)], "license_texts": list(settings.license_texts.values()),
    }  # fmt: skip
    return {
        setting: sorted(
            ({"name": Path(path).name, "sha256": step.inputs[path]} for path in paths if path),
            key=lambda each: (each["name"], each["sha256"]),
        )
        for setting, paths in named.items()
        if any(paths)
    }
