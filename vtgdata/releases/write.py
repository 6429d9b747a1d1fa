"""Writing a release's folder from its rows: data, prompts, pages, and release.json last."""

import datetime
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec
from msgspec import UNSET

from vtgdata import __version__, releases
from vtgdata.annotations import licences
from vtgdata.files import fingerprint, json_document
from vtgdata.files.pieces import PieceWriter, to_table
from vtgdata.files.schemas import WEIGHT
from vtgdata.files.whole import replacing, write_json, write_text
from vtgdata.releases import card, croissant, facts, pictures, plots, teacher_terms, tombstones
from vtgdata.releases.dating import Dated
from vtgdata.releases.document import DataFile, Document, PromptFile, ReleaseFile
from vtgdata.releases.facts import contamination
from vtgdata.releases.rebuild import record as rebuild_record
from vtgdata.releases.rebuild.record import RebuildRecord
from vtgdata.releases.rows import Config, Sources
from vtgdata.releases.sample_index import SampleStore
from vtgdata.releases.sorting import sorted_rows
from vtgdata.releases.tallies import Tally
from vtgdata.releases.teacher_terms import TeacherTerms
from vtgdata.releases.tombstones import Tombstones


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """All that goes into a release, before any of it is written."""

    name: str
    """Name for people; if empty, the previous release's name, or one made from the corpora's names."""
    version: str
    sources: Sources
    configs: Mapping[str, tuple[Config, Dated]]
    """{config: its rows, and when they came}."""
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
    with tempfile.TemporaryDirectory(dir=out, prefix=".") as scratch:
        written, tallies = _write_all_data(out, contents, Path(scratch))
        overlaps = contamination(contents.sources.index, Path(scratch))
    document = _describe(contents, written, tallies, _write_prompts(out, contents.sources.prompts), overlaps)
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


def _describe(
    contents: Contents,
    written: dict[str, dict[str, DataFile]],
    tallies: Mapping[str, Tally],
    prompts: list[PromptFile],
    overlaps: list[dict[str, Any]],
) -> Document:
    """The content of release.json without `files`."""
    known, index = contents.previous, contents.sources.index
    corpora = facts.corpora(index.licences)
    drops = dict(sorted(tallies["drops"].reasons.items())) if "drops" in tallies else {}
    bars = tallies["samples"].bars
    bars.take(tallies["difficulty"].bars if "difficulty" in tallies else None)
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
        counts={config: counts for config, tally in tallies.items() if (counts := tally.counts())},
        videos=index.videos,
        corpora=corpora,
        drops=drops,
        weighted=[name for name, (config, _) in contents.configs.items() if set(WEIGHT) <= set(config.columns)]
        or UNSET,
        inputs=contents.inputs,
        models=[
            model
            | ({"terms": teacher_terms.terms(model["id"], contents.own_terms)} if model["role"] == "teacher" else {})
            for model in contents.sources.models
        ],
        prompts=prompts,
        frame_samplings=[
            json_document.cell(text, "frame_sampling")
            for text in sorted({text for each in tallies.values() for text in each.samplings})
        ],
        files={},
        settings=contents.settings,
        recipe=contents.recipe,
        terms=msgspec.to_builtins(licences.combine(licence for _, licence in sorted(index.licences))),
        contamination=overlaps,
        absent=index.absent or msgspec.UNSET,
        figures=bars.figures(drops, contents.sources.models),
        timelines=bars.timelines or UNSET,
        removed=_removed(contents.sources, contents.removed),
    )


def _name(corpora: Mapping[str, Any]) -> str:
    """The default name of a release, for people."""
    return f"Temporal grounding: {', '.join(corpora) if len(corpora) <= 5 else f'{len(corpora)} corpora'}"


def _removed(sources: Sources, removed: Tombstones) -> dict[str, int]:
    if not removed.removed:
        return {}
    videos = sum(bool(each.video_id) for each in removed.removed)
    return {"videos": videos, "samples": len(removed.removed) - videos, "rows": len(sources.index.removed)}


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
        pages[plots.file_name(name)] = plots.svg(name, bars)
    if document.timelines:
        drawn = pictures.timelines(plots.title(plots.TIMELINES), document.timelines)
        pages[plots.file_name(plots.TIMELINES)] = drawn
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


def _write_all_data(
    out: Path, contents: Contents, scratch: Path
) -> tuple[dict[str, dict[str, DataFile]], dict[str, Tally]]:
    """Write the data files of all configs; returns {config: {split: file}} and what was counted of each config."""
    written: dict[str, dict[str, DataFile]] = {}
    tallies: dict[str, Tally] = {}
    index = contents.sources.index
    store = None
    for name, (config, dated) in contents.configs.items():
        if config.joined and store is None:
            store = SampleStore(index, scratch)
        tallies[name] = tally = Tally(name)
        splits = sorted(index.splits) if name == "samples" else ["train"]
        with _Files(out, name, config.columns) as files:
            for frame in sorted_rows(config, dated, index, scratch, store):
                tally.add(frame)
                for split, rows in _by_split(frame) if name == "samples" else [("train", frame)]:
                    files.write(split, rows)
            written[name] = files.commit(splits)
    if store is not None:
        store.close()
    return written, tallies


def _by_split(frame: Any) -> Iterator[tuple[str, Any]]:
    import polars as pl

    for (split,), rows in frame.group_by([pl.col("split").fill_null("")], maintain_order=True):
        yield str(split), rows


class _Files:
    """The data files of a config, one for each split, which appear whole or not at all."""

    def __init__(self, out: Path, config: str, columns: Mapping[str, str]) -> None:
        self._out, self._config, self._columns = out, config, columns
        self._writers: dict[str, PieceWriter] = {}

    def _name(self, split: str) -> str:
        return f"data/{self._config}/{split}-00000-of-00001.parquet"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for writer in self._writers.values():
            writer.abandon()

    def write(self, split: str, rows: Any) -> None:
        """Add rows, a Polars frame, to the file of a split."""
        if split not in self._writers:
            self._writers[split] = PieceWriter(self._out / self._name(split), self._columns)
        self._writers[split].write(to_table(rows, self._columns))

    def commit(self, splits: Sequence[str]) -> dict[str, DataFile]:
        """Put the files in their places; returns {split: file}."""
        found: dict[str, DataFile] = {}
        for split in splits:
            writer, path = self._writers[split], self._out / self._name(split)
            writer.commit()
            found[split] = DataFile(
                file=self._name(split), rows=writer.rows, sha256=fingerprint.of_bytes(path), bytes=path.stat().st_size
            )
        return found


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
