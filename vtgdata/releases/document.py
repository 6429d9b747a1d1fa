"""Reading a release: a folder whose `release.json` names every file that counts, with its hash.

`vtgdata release` writes such a folder, `push` copies it, and trainers read it. No file is read unless its hash matches.
"""

import re
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata.errors import Conflict, VtgError, did_you_mean
from vtgdata.files import fingerprint, json_document, outside
from vtgdata.files.parquet import read_parquet
from vtgdata.files.schemas import ABSENT, WEIGHT, Row
from vtgdata.releases.columns import MARKS, TRACED, columns_of, kind_of, known_columns
from vtgdata.releases.pictures import Timeline
from vtgdata.releases.stated import NAME, check_files, stated_bytes

SCHEMA_VERSION = 1

_VERSION = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\Z", re.ASCII)


class DataFile(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file: a split of a config."""

    file: str
    """Path inside the release, with `/`."""
    rows: int
    sha256: str
    bytes: int


class ReleaseFile(msgspec.Struct, frozen=True, kw_only=True):
    """Any other file of a release."""

    sha256: str
    bytes: int


class PromptFile(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt whose text is part of the release."""

    id: str
    """`name-hash8`, as in the column `prompt_id`."""
    file: str
    sha256: str


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of `release.json`."""

    schema_version: int
    name: str
    version: str
    tool: str
    """`vtgdata` and its version."""
    created: str
    """Date; the only field that may differ between two runs on the same inputs."""
    previous: dict[str, Any] | None
    """name, version and content of the release before; None for a first one."""
    changes: dict[str, dict[str, int]]
    """{config: {added, removed, changed}} against the previous release."""
    history: list[dict[str, Any]]
    """One entry per version, newest first: version and changes."""
    configs: dict[str, dict[str, DataFile]]
    """{config: {split: file}}."""
    counts: dict[str, dict[str, dict[str, int]]]
    """{config: {column: {value: rows}}} for corpus, split, license and task."""
    videos: int
    """Distinct videos of the samples."""
    corpora: dict[str, dict[str, Any]]
    """{corpus: rows, licenses, and title, homepage, citation if a plug-in knows the corpus}."""
    drops: dict[str, int]
    """{reason: number of rows that were left out}."""
    inputs: dict[str, list[dict[str, str]]]
    """{setting: [{name, sha256}]}: base names, never paths."""
    models: list[dict[str, Any]]
    """{role: teacher or student, id, samples, rows (answers), least and most answers per sample, asked}; `asked` lists
    each way of asking once: prompt, temperature, top_p, max_tokens, seed, frames, samples, least, most."""
    prompts: list[PromptFile]
    frame_samplings: list[Any]
    """How frames were sampled for the rows that a model was asked about."""
    files: dict[str, ReleaseFile]
    """Every file except the data files and release.json itself."""
    settings: dict[str, Any] = {}
    """Settings of the stage; paths are reduced to base names."""
    terms: dict[str, Any] = {}
    """Terms for all samples together: the strictest of their licences (`licences.Terms`)."""
    contamination: list[dict[str, Any]] = []
    """Pairs of splits that share videos: first, second, sources, queries, duplicates, contaminates."""
    recipe: dict[str, str] = {}
    """If a recipe made the release: name, and sha256 of its steps up to this one with their settings and the seed."""
    removed: dict[str, int] = {}
    """Takedowns: numbers of videos and samples listed in removed.json, and of sample rows left out of this release."""
    absent: int | UnsetType = UNSET
    """Samples that are known to have no moment; unset where there are none, and no file has the column for them."""
    figures: dict[str, dict[str, int]] = {}
    """{plot: {label: rows}}: the numbers in the card's plots."""
    timelines: list[Timeline] | UnsetType = UNSET
    """The samples whose timelines the card draws; unset in releases from before there were any."""
    weighted: list[str] | UnsetType = UNSET
    """Configs whose rows have a weight; unset where none has, as in releases from before there were weights."""

    def columns(self, config: str) -> dict[str, str]:
        """{column: type} of the rows of a config."""
        absent = ABSENT if self.absent and "labelled" in known_columns(config) else {}
        found = columns_of(config, absent)
        if kind_of(config) == TRACED and any(model.get("marks") for model in self.models):
            found |= MARKS
        return found | WEIGHT if self.weighted is not UNSET and config in self.weighted else found


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A release on disk: its folder and the content of its release.json."""

    path: Path
    document: Document

    @property
    def version(self) -> tuple[int, int, int]:
        """The version as numbers, for comparison."""
        return parse_version(self.document.version)

    @property
    def tag(self) -> str:
        """The git tag of this version on the Hub: `v1.0.0`."""
        return f"v{self.document.version}"

    @property
    def content(self) -> str:
        """SHA-256 of release.json without its date: equal for two runs on the same inputs."""
        return content(self.document)

    @property
    def files(self) -> dict[str, ReleaseFile]:
        """{path inside the release: size and hash} of every file, release.json included, sorted by path."""
        stated = {
            data.file: ReleaseFile(sha256=data.sha256, bytes=data.bytes)
            for splits in self.document.configs.values()
            for data in splits.values()
        }
        own = self.path / NAME
        stated[NAME] = ReleaseFile(sha256=fingerprint.of_bytes(own), bytes=own.stat().st_size)
        return dict(sorted((stated | self.document.files).items()))

    def rows(self, config: str, split: str = "train") -> list[Row]:
        """All rows of one split of a config, in the file's order.

        Raises VtgError, naming the most similar name, when there is no such config or split.
        """
        splits = self.document.configs.get(config)
        if splits is None:
            raise VtgError(f"{self.path}: has no config {config!r}; {did_you_mean(config, self.document.configs)}")
        data = splits.get(split)
        if data is None:
            raise VtgError(f"{self.path}: config {config!r} has no split {split!r}; {did_you_mean(split, splits)}")
        rows = read_parquet(self.path / data.file)
        check_files(self.path, {data.file: (data.sha256, data.bytes)})  # what was read is what is there still
        return rows

    def prompt(self, prompt_id: str) -> str:
        """The whole text of a prompt in the release; raises VtgError when the release does not contain it."""
        for prompt in self.document.prompts:
            if prompt.id == prompt_id:
                return stated_bytes(self.path, prompt.file, prompt.sha256).decode()
        known = [prompt.id for prompt in self.document.prompts]
        raise VtgError(f"{self.path}: has no prompt {prompt_id!r}; {did_you_mean(prompt_id, known)}")

    def checked(self, name: str) -> bytes:
        """The bytes of a file other than a data file; raises VtgError when they do not match the stated hash."""
        return stated_bytes(self.path, name, self.document.files[name].sha256)

    def check_all(self) -> None:
        """Check size and hash of every file, the card included; raises VtgError that names the first mismatch."""
        check_files(self.path, {name: (stated.sha256, stated.bytes) for name, stated in self.files.items()})


def parse_version(text: str) -> tuple[int, int, int]:
    """The numbers of a version `X.Y.Z`; raises VtgError for any other form.

    >>> parse_version("1.10.0") > parse_version("1.9.3")
    True
    """
    found = _VERSION.match(text)
    if found is None:
        raise VtgError(f"version {text!r} is not X.Y.Z, such as 1.0.0 (numbers without leading zeros).")
    return int(found[1]), int(found[2]), int(found[3])


def refuse_older(version: str, content: str, theirs: str, their_content: str, where: str) -> None:
    """Raise Conflict when a target holds the same version with other content, or a later version.

    Args:
        version: version of the release to put there.
        content: SHA-256 of that release.
        theirs: version that the target holds.
        their_content: SHA-256 of what the target holds.
        where: the target, for errors.
    """
    if theirs == version and their_content != content:
        raise Conflict(
            f"{where}: already holds another release under version {theirs}. A version never changes: make this one "
            "with a higher --version."
        )
    if parse_version(theirs) > parse_version(version):
        raise Conflict(f"{where}: already holds version {theirs}, later than {version}.")


def content(document: Document) -> str:
    """SHA-256 of a release.json without its date."""
    return fingerprint.of_value({**msgspec.to_builtins(document), "created": ""})


def named(document: Document) -> set[str]:
    """The path of every file of a release, release.json included."""
    data = {file.file for splits in document.configs.values() for file in splits.values()}
    return data | set(document.files) | {NAME}


def read_document(raw: bytes, where: str) -> Document:
    """Decode a `release.json` from its bytes; `where` is the place that errors name.

    Raises VtgError when it is not a release.json, has a newer schema version, or names a file outside the release.
    """
    try:
        stated = json_document.decode(raw, type=dict[str, Any]).get("schema_version")
        if isinstance(stated, int) and stated > SCHEMA_VERSION:
            raise VtgError(
                f"{where}: is of form {stated}; this vtgdata reads {SCHEMA_VERSION}. Install a newer vtgdata."
            )
        document = json_document.decode(raw, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VtgError(f"{where}: not a release.json ({error}). Make the release again.") from error
    parse_version(document.version)
    for name in sorted(named(document) | {prompt.file for prompt in document.prompts}):
        if not _inside(name):
            raise VtgError(f"{where}: names the file {name!r}, which is not inside the release. Do not use it.")
    return document


def open_release(path: str) -> Release:
    """Open a release folder and check it: release.json, and the bytes of all data and prompt files.

    Raises VtgError when the folder is not a release, a file is missing, or a file has changed since its release.
    """
    folder = Path(path)
    if not folder.is_dir():
        hub = path.count("/") == 1 and not path.startswith((".", "/"))
        name, _, tag = path.partition("@")
        revision = f" --revision {tag}" if tag else ""
        fetch = f" From the Hub: `hf download {name} --repo-type dataset{revision} --local-dir DIR`."
        raise VtgError(
            f"{path}: no such folder; a release is what `vtgdata release --out` wrote.{fetch if hub else ''}"
        )
    own = folder / NAME
    if not outside.is_file(own):
        raise VtgError(f"{path}: holds no {NAME}, so it is no release. Make one with `vtgdata release`.")
    document = read_document(outside.read_bytes(own), str(own))
    stated: dict[str, tuple[str, int | None]] = {prompt.file: (prompt.sha256, None) for prompt in document.prompts}
    stated |= {data.file: (data.sha256, data.bytes) for splits in document.configs.values() for data in splits.values()}
    check_files(folder, stated)
    return Release(path=folder, document=document)


def _inside(name: str) -> bool:
    pure = PurePosixPath(name)
    return bool(pure.parts) and not pure.is_absolute() and ".." not in pure.parts and "\\" not in name
