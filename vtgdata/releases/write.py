"""Writing a release's folder from its rows: data, prompts, pages, and release.json last."""

import datetime
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from vtgdata import __version__, releases
from vtgdata.annotations import licences
from vtgdata.files import fingerprint, json_document
from vtgdata.files.parquet import write_parquet
from vtgdata.files.schemas import Row
from vtgdata.files.whole import replacing, write_json, write_text
from vtgdata.releases import card, croissant, facts, plots, teacher_terms, tombstones
from vtgdata.releases.document import CHOSEN, COLUMNS, DataFile, Document, PromptFile, ReleaseFile
from vtgdata.releases.facts import contamination
from vtgdata.releases.rebuild import record as rebuild_record
from vtgdata.releases.rebuild.record import RebuildRecord
from vtgdata.releases.rows import Sources, grouped
from vtgdata.releases.teacher_terms import TeacherTerms
from vtgdata.releases.tombstones import Tombstones


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """All that goes into a release, before any of it is written."""

    name: str
    """Name for people; if empty, the previous release's name, or one made from the corpora's names."""
    version: str
    sources: Sources
    configs: Mapping[str, list[Row]]
    """{config: rows}, dated and sorted."""
    changes: dict[str, dict[str, int]]
    """{config: added, removed, changed} against the previous release."""
    previous: Document | None
    removed: Tombstones
    own_terms: tuple[TeacherTerms, ...]
    """Terms of teachers that the user adds to the register."""
    inputs: dict[str, list[dict[str, str]]]
    settings: dict[str, Any]
    recipe: dict[str, str]
    texts: dict[str, bytes]
    """{path in the release: bytes} of the texts of licences."""
    rebuild: RebuildRecord
    """What rebuilds the release."""


def write(out: Path, contents: Contents) -> Document:
    """Write all files of a release into a folder; returns the content of its release.json."""
    document = _describe(
        contents, _write_all_data(out, contents.configs), _write_prompts(out, contents.sources.prompts)
    )
    names = [*_write_pages(out, document, contents), rebuild_record.NAME, rebuild_record.RECIPE]
    write_json(out / rebuild_record.NAME, contents.rebuild)
    write_text(out / rebuild_record.RECIPE, rebuild_record.recipe_text(contents.rebuild.steps))
    names = sorted([*names, *(prompt.file for prompt in document.prompts)])
    files = {
        name: ReleaseFile(sha256=fingerprint.of_bytes(out / name), bytes=(out / name).stat().st_size) for name in names
    }
    document = msgspec.structs.replace(document, files=files)
    write_json(out / releases.NAME, document)
    return document


def _describe(contents: Contents, written: dict[str, dict[str, DataFile]], prompts: list[PromptFile]) -> Document:
    """The content of release.json without `files`."""
    configs, known, samples = contents.configs, contents.previous, contents.configs["samples"]
    corpora = facts.corpora(samples)
    drops = dict(sorted(Counter(row["reason"] for row in configs.get("drops", ())).items()))
    return Document(
        schema_version=releases.SCHEMA_VERSION,
        name=" ".join(contents.name.split()) or (known.name if known else _name(corpora)),
        version=contents.version,
        tool=f"vtgdata {__version__}",
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
        previous={"version": known.version, "name": known.name, "content": releases.content(known)} if known else None,
        changes=contents.changes,
        history=[{"version": contents.version, "changes": contents.changes}, *(known.history if known else [])],
        configs=written,
        counts={config: counts for config, rows in configs.items() if (counts := facts.counts(rows))},
        videos=len({row["video_id"] for row in samples}),
        corpora=corpora,
        drops=drops,
        inputs=contents.inputs,
        models=[
            model
            | ({"terms": teacher_terms.terms(model["id"], contents.own_terms)} if model["role"] == "teacher" else {})
            for model in contents.sources.models
        ],
        prompts=prompts,
        frame_samplings=_samplings(configs),
        files={},
        settings=contents.settings,
        recipe=contents.recipe,
        terms=msgspec.to_builtins(licences.combine(row["license"] or "unverified" for row in samples)),
        contamination=contamination(contents.sources.path, samples),
        figures=plots.figures(configs, drops, contents.sources.models),
        removed=_removed(contents.sources, contents.removed),
    )


def _name(corpora: Mapping[str, Any]) -> str:
    """The default name of a release, for people."""
    return f"Temporal grounding: {', '.join(corpora) if len(corpora) <= 5 else f'{len(corpora)} corpora'}"


def _samplings(configs: Mapping[str, list[Row]]) -> list[Any]:
    """The distinct frame samplings of the rows that a model was asked about."""
    asked = [row for config, rows in configs.items() if config not in ("samples", "rollouts", "drops") for row in rows]
    return [
        json_document.cell(text, "frame_sampling")
        for text in sorted({row["frame_sampling"] for row in asked if row["frame_sampling"]})
    ]


def _removed(sources: Sources, removed: Tombstones) -> dict[str, int]:
    if not removed.removed:
        return {}
    videos = sum(bool(each.video_id) for each in removed.removed)
    return {"videos": videos, "samples": len(removed.removed) - videos, "rows": len(sources.removed)}


def _write_pages(out: Path, document: Document, contents: Contents) -> list[str]:
    """Write the files for people and other tools: card, licences, plots and so on; returns the files' names."""
    texts, removed = contents.texts, contents.removed
    readme = card.dataset_card(document, contents.rebuild, texts)
    card.read_metadata(readme)
    pages = {
        "README.md": readme, "CHANGELOG.md": card.changelog_page(document),
        "LICENSES.md": card.licences_page(document, texts),
    }  # fmt: skip
    pages |= {name: card.licence_notice(licence) for name, licence in card.licence_files(document).items()}
    for name, bars in document.figures.items():
        pages[plots.file_name(name)] = plots.svg(plots.title(name), bars)
    for name, text in pages.items():
        write_text(out / name, text)
    for name, data in texts.items():
        with replacing(out / name) as file:
            file.write(data)
    write_json(out / "croissant.json", croissant.describe(document))
    names = [*pages, *texts, "croissant.json"]
    if not removed.removed:
        return names
    tombstones.write(out / tombstones.NAME, removed)
    return [*names, tombstones.NAME]


def _write_all_data(out: Path, configs: Mapping[str, list[Row]]) -> dict[str, dict[str, DataFile]]:
    written: dict[str, dict[str, DataFile]] = {}
    for config, rows in configs.items():
        splits = grouped(rows, "split") if config == "samples" else {"train": rows}
        columns = COLUMNS.get(config, CHOSEN)
        written[config] = {split: _write_data(out, config, split, rows, columns) for split, rows in splits.items()}
    return written


def _write_prompts(out: Path, texts: Mapping[str, str]) -> list[PromptFile]:
    prompts: list[PromptFile] = []
    for prompt_id, text in sorted(texts.items()):
        name = prompt_id.rpartition("-")[0]
        # Two prompts of the same name but different text are rare; keep both.
        taken = any(prompt.file == f"prompts/{name}.md" for prompt in prompts)
        file = f"prompts/{prompt_id if taken else name}.md"
        write_text(out / file, text)
        prompts.append(PromptFile(id=prompt_id, file=file, sha256=fingerprint.of_bytes(out / file)))
    return prompts


def _write_data(out: Path, config: str, split: str, rows: list[Row], columns: Mapping[str, str]) -> DataFile:
    file = f"data/{config}/{split}-00000-of-00001.parquet"
    write_parquet(out / file, [{name: row.get(name) for name in columns} for row in rows], columns)
    path = out / file
    return DataFile(file=file, rows=len(rows), sha256=fingerprint.of_bytes(path), bytes=path.stat().st_size)
