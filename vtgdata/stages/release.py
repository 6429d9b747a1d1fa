"""Release: the files of earlier steps become one versioned dataset, with its card, licences, prompts and provenance.

    out/release.json                                    what the release is: counts, hashes, models; written last
    out/README.md CHANGELOG.md LICENSES.md              for people; README.md is the Hub's dataset card
    out/data/<config>/<split>-00000-of-00001.parquet    configs samples, coldstart, rl, difficulty, rollouts, drops
    out/LICENSES/<licence>.txt  croissant.json          each licence's notice; the release for tools that load datasets
    out/plots/<n>-<plot>.svg                            the card's plots
    out/prompts/<name>.md                               every prompt's whole text

Rows are sorted by the version that first had them, so that versions share bytes. The same inputs give the same Parquet
bytes. No video and no path of this machine goes in.
"""

import datetime
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from vtgdata import (
    __version__,
    card,
    croissant,
    fingerprint,
    hub,
    licences,
    meta,
    plugins,
    release_facts,
    release_figures,
    releases,
    tables,
    teacher_terms,
    tombstones,
)
from vtgdata.errors import Conflict, VtgError
from vtgdata.release_rows import Sources, date_and_sort, grouped
from vtgdata.releases import CHOSEN, COLUMNS, DataFile, Document, PromptFile, Release, ReleaseFile
from vtgdata.tables import Row
from vtgdata.tombstones import Tombstones

_UNFINISHED = ".unfinished-release"
"""In a folder whose release is being made: when that is broken off, the next run knows the files for its own."""
_SPLIT = re.compile(r"\w+(\.\w+)*\Z", re.ASCII)
_CONFIG = re.compile(r"[a-z]\w*\Z", re.ASCII)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes into a release."""

    out: str
    """Folder of this version; the release's files lie directly in it."""
    version: str
    """X.Y.Z; above the previous one's."""
    samples: str
    """samples.parquet: all samples that other rows speak of."""
    coldstart: str = ""
    """traces.parquet; only its kept traces go in."""
    pass_rates: str = ""
    """pass_rates.parquet, for the config `difficulty`."""
    splits: dict[str, str] = {}
    """{name: rows.parquet}: chosen rows, each a config of that name (`rl`)."""
    rollouts: list[str] = []
    """rollouts.parquet files to publish whole."""
    drops: list[str] = []
    """drops.parquet files: the rows left out, and why."""
    previous: str = ""
    """Folder of the release before this one, or `org/name@tag`."""
    tombstones: str = ""
    """What was removed for good (`vtgdata remove`): its file, a release's folder or `org/name@tag`. The previous
    release's own are always respected."""
    teacher_terms: str = ""
    """JSON file of terms of teacher models that the register does not have: match, provider, link, flag."""
    name: str = ""
    """The dataset's name for people; when empty the previous one's, or one made of the corpora's names."""


def run(settings: Settings) -> meta.Summary:
    """Make a release.

    Returns the summary: name, version, configs (rows by config and split), changes against the previous release,
    removed (samples taken out for good), out.
    Raises VtgError when an input is not what it should be, when a training row's video is also in a benchmark, or when
    the version does not follow the previous one; Conflict when the folder holds what is no release.
    """
    releases.parse_version(settings.version)
    for config in settings.splits:
        if not _CONFIG.match(config) or config in COLUMNS:
            raise VtgError(
                f"--split {config}=...: a config is named in small letters, digits, _ and not {', '.join(COLUMNS)}."
            )
    _refuse_foreign(Path(settings.out))
    earlier, named = (hub.local(text) if text else "" for text in (settings.previous, settings.tombstones))
    given = [
        settings.samples, settings.coldstart, settings.pass_rates, *settings.splits.values(), *settings.rollouts,
        *settings.drops, f"{earlier}/{releases.NAME}" if earlier else "", settings.teacher_terms, named,
    ]  # fmt: skip
    step = meta.Step(
        "release",
        settings,
        code=[__name__, *(f"vtgdata.corpora.{corpus}" for corpus in plugins.names("corpora"))],
        inputs=[*filter(None, given), plugins.resources("cards") / "dataset.md.j2"],
    )
    if (done := step.up_to_date()) is not None:
        return done
    previous = releases.open_release(earlier) if earlier else None
    _check_previous(settings, previous)
    carried = tombstones.of_release(previous) if previous else Tombstones()
    removed = tombstones.merged(carried, tombstones.read(named))
    sources = Sources(settings.samples, removed)
    configs = _configs(settings, sources)
    changes = {
        config: date_and_sort(config, rows, settings.version, previous, sources.samples)
        for config, rows in configs.items()
    }
    if previous is not None:
        for config, splits in previous.document.configs.items():
            gone = {"added": 0, "removed": sum(data.rows for data in splits.values()), "changed": 0}
            changes.setdefault(config, gone)
    out = step.start()
    (out / _UNFINISHED).touch()
    stale = _named_by_release(out)
    document = _write(settings, out, step, sources, configs, changes, previous, removed)
    for name in stale - _named_by_release(out):
        (out / name).unlink(missing_ok=True)
    (out / _UNFINISHED).unlink()
    summary = {
        "name": document.name,
        "version": document.version,
        "configs": {
            config: {name: data.rows for name, data in splits.items()} for config, splits in document.configs.items()
        },
        "changes": changes,
        "removed": len(sources.removed),
        "out": settings.out,
    }
    return step.finish(summary, outputs=sorted(_named_by_release(out)))


def _configs(settings: Settings, sources: Sources) -> dict[str, list[Row]]:
    """{config: rows}, in the order in which a card shows them; a config without rows is left out."""
    configs = {"samples": list(sources.samples.values())}
    for split in grouped(configs["samples"], "split"):
        if not _SPLIT.match(split):
            raise VtgError(
                f"{settings.samples}: split {split!r}: a split's name on the Hub has letters, digits, _ and dots only."
            )
    if settings.coldstart:
        configs["coldstart"] = sources.traces(settings.coldstart)
    for config, path in settings.splits.items():
        configs[config] = sources.chosen(config, path)
    if settings.pass_rates:
        configs["difficulty"] = sources.pass_rates(settings.pass_rates)
    configs["rollouts"] = [row for path in settings.rollouts for row in sources.rollouts(path)]
    configs["drops"] = [row for path in settings.drops for row in sources.drops(path)] + sources.removed_drops()
    return {config: rows for config, rows in configs.items() if rows}


def _check_previous(settings: Settings, previous: Release | None) -> None:
    if previous is None:
        return
    if previous.path.resolve() == Path(settings.out).resolve():
        raise VtgError(f"--previous {settings.previous}: is the output folder too. Give every version its own folder.")
    if previous.version >= releases.parse_version(settings.version):
        raise VtgError(
            f"--version {settings.version}: must be above the previous release's {previous.document.version}: a higher "
            "first number when rows change their meaning, second when rows are added, third otherwise."
        )


def _refuse_foreign(out: Path) -> None:
    """Raise Conflict when a folder holds files and nothing that shows them to be a release's: they stay as they are."""
    made = meta.read(out)
    ours = (made is not None and made.command == "release") or _named_by_release(out) or (out / _UNFINISHED).exists()
    if ours or not out.is_dir():
        return
    names = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    if names:
        raise Conflict(
            f"--out {out}: holds {names[0]}{' and more' if len(names) > 1 else ''}, and no release made by this "
            "command. Name a new folder, such as release/1.0.0."
        )


def _named_by_release(out: Path) -> set[str]:
    """Paths that the release.json in a folder names, itself included; none where there is no good one."""
    try:
        raw = (out / releases.NAME).read_bytes()
        return releases.named(releases.read_document(raw, str(out)))
    except (OSError, VtgError):
        return set()


def _write(
    settings: Settings,
    out: Path,
    step: meta.Step,
    sources: Sources,
    configs: Mapping[str, list[Row]],
    changes: dict[str, dict[str, int]],
    previous: Release | None,
    removed: Tombstones,
) -> Document:
    written: dict[str, dict[str, DataFile]] = {}
    for config, rows in configs.items():
        splits = grouped(rows, "split") if config == "samples" else {"train": rows}
        columns = COLUMNS.get(config, CHOSEN)
        written[config] = {split: _write_data(out, config, split, rows, columns) for split, rows in splits.items()}
    prompts = _write_prompts(out, sources.prompts)
    asked = [row for config, rows in configs.items() if config not in ("samples", "rollouts", "drops") for row in rows]
    known = previous.document if previous else None
    corpora = release_facts.corpora(configs["samples"])
    own = teacher_terms.read(settings.teacher_terms)
    drops = dict(sorted(Counter(row["reason"] for row in configs.get("drops", ())).items()))
    document = Document(
        schema_version=releases.SCHEMA_VERSION,
        name=" ".join(settings.name.split()) or (known.name if known else f"Temporal grounding: {', '.join(corpora)}"),
        version=settings.version,
        tool=f"vtgdata {__version__}",
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        previous={"version": known.version, "name": known.name, "content": releases.content(known)} if known else None,
        changes=changes,
        history=[{"version": settings.version, "changes": changes}, *(known.history if known else [])],
        configs=written,
        counts={config: counts for config, rows in configs.items() if (counts := release_facts.counts(rows))},
        videos=len({row["video_id"] for row in configs["samples"]}),
        corpora=corpora,
        drops=drops,
        inputs=_inputs(settings, step),
        models=[
            model | ({"terms": teacher_terms.terms(model["id"], own)} if model["role"] == "teacher" else {})
            for model in sources.models
        ],
        prompts=prompts,
        frame_samplings=[
            msgspec.json.decode(text)
            for text in sorted({row["frame_sampling"] for row in asked if row["frame_sampling"]})
        ],
        files={},
        settings=_settings(settings),
        terms=msgspec.to_builtins(licences.combine(row["license"] or "unverified" for row in configs["samples"])),
        contamination=release_facts.contamination(settings.samples, configs["samples"]),
        figures=release_figures.figures(configs, drops),
        removed=_removed(sources, removed),
    )
    readme = card.dataset_card(document)
    card.read_metadata(readme)
    pages = {
        "README.md": readme, "CHANGELOG.md": card.changelog_page(document), "LICENSES.md": card.licences_page(document),
    }  # fmt: skip
    pages |= {name: card.licence_notice(licence) for name, licence in card.licence_files(document).items()}
    for name, bars in document.figures.items():
        pages[release_figures.file_name(name)] = release_figures.svg(release_figures.title(name), bars)
    for name, text in pages.items():
        tables.write_text(out / name, text)
    tables.write_json(out / "croissant.json", croissant.describe(document))
    pages["croissant.json"] = ""
    if removed.removed:
        tombstones.write(out / tombstones.NAME, removed)
        pages[tombstones.NAME] = ""
    names = sorted([*pages, *(prompt.file for prompt in prompts)])
    files = {
        name: ReleaseFile(sha256=fingerprint.of_file(out / name), bytes=(out / name).stat().st_size) for name in names
    }
    document = msgspec.structs.replace(document, files=files)
    tables.write_json(out / releases.NAME, document)
    return document


def _removed(sources: Sources, removed: Tombstones) -> dict[str, int]:
    if not removed.removed:
        return {}
    videos = sum(bool(each.video_id) for each in removed.removed)
    return {"videos": videos, "samples": len(removed.removed) - videos, "rows": len(sources.removed)}


def _write_prompts(out: Path, texts: Mapping[str, str]) -> list[PromptFile]:
    prompts: list[PromptFile] = []
    for prompt_id, text in sorted(texts.items()):
        name = prompt_id.rpartition("-")[0]
        # Two texts under one name are rare, and both are needed.
        taken = any(prompt.file == f"prompts/{name}.md" for prompt in prompts)
        file = f"prompts/{prompt_id if taken else name}.md"
        tables.write_text(out / file, text)
        prompts.append(PromptFile(id=prompt_id, file=file, sha256=fingerprint.of_file(out / file)))
    return prompts


def _write_data(out: Path, config: str, split: str, rows: list[Row], columns: Mapping[str, str]) -> DataFile:
    file = f"data/{config}/{split}-00000-of-00001.parquet"
    tables.write_parquet(out / file, [{name: row.get(name) for name in columns} for row in rows], columns)
    path = out / file
    return DataFile(file=file, rows=len(rows), sha256=fingerprint.of_file(path), bytes=path.stat().st_size)


def _settings(settings: Settings) -> dict[str, Any]:
    """The settings that were given, every path by its last name."""

    def short(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: short(inner) for key, inner in sorted(value.items())}
        return sorted(map(short, value)) if isinstance(value, list) else Path(value).name

    given = {name: value for name, value in msgspec.to_builtins(settings).items() if value and name != "out"}
    return {name: value if name in ("name", "version") else short(value) for name, value in sorted(given.items())}


def _inputs(settings: Settings, step: meta.Step) -> dict[str, list[dict[str, str]]]:
    named: dict[str, list[str]] = {
        "samples": [settings.samples], "coldstart": [settings.coldstart], "pass_rates": [settings.pass_rates],
        **{config: [path] for config, path in settings.splits.items()}, "rollouts": list(settings.rollouts),
        "drops": list(settings.drops), "tombstones": [hub.local(settings.tombstones)],
    }  # fmt: skip
    return {
        setting: sorted(
            ({"name": Path(path).name, "sha256": step.inputs[path]} for path in paths if path),
            key=lambda each: (each["name"], each["sha256"]),
        )
        for setting, paths in named.items()
        if any(paths)
    }
