"""Texts of licences in a release: those that must travel with every copy are in `LICENSES/texts`, byte for byte.

Nobody but the user has them: an MIT text names the authors of one corpus, and Charades' text comes with its files. A
version takes over those of the version before it.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from vtgdata.annotations import licences
from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files import outside
from vtgdata.releases.document import Document, Release

FOLDER = "LICENSES/texts"
_LARGEST = 1_000_000
"""Bytes of the longest text; what is longer is another file."""


def gather(given: Mapping[str, str], previous: Release | None, rows: Iterable[tuple[str, str]]) -> dict[str, bytes]:
    """The texts of a release: {path in the release: bytes}.

    Args:
        given: {licence or corpus: file}.
        previous: the release before, whose texts are taken over where they still belong to a row.
        rows: (corpus, licence) of the release's rows, each pair once or more.

    Raises VtgError when no row has a licence or corpus, or a file is no text.
    """
    known: set[str] = set()
    for corpus, licence in rows:
        known |= {corpus, *licences.parts(licence)}
    texts: dict[str, bytes] = {}
    for name in previous.document.files if previous is not None else {}:
        if name.startswith(f"{FOLDER}/") and name in {file_of(each) for each in known}:
            assert previous is not None
            texts[name] = previous.checked(name)
    for name, path in given.items():
        if name not in known:
            raise VtgError(f"--license-text {name}={path}: no row is of this licence or corpus; "
                           f"{did_you_mean(name, known)}")  # fmt: skip
        texts[file_of(name)] = _read(path)
    return dict(sorted(texts.items()))


def file_of(name: str) -> str:
    """The path in a release of the text for a licence or corpus.

    >>> file_of("LicenseRef-Charades")
    'LICENSES/texts/LicenseRef-Charades.txt'
    """
    return f"{FOLDER}/{re.sub('[^A-Za-z0-9._-]+', '-', name).strip('.-')[:100] or 'none'}.txt"


def _read(path: str) -> bytes:
    data = outside.read_bytes(Path(path))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if not text.strip() or "\0" in text or len(data) > _LARGEST:
        raise VtgError(f"{path}: is no text of a licence (it is empty, too long or not text). Save it as plain text.")
    return data


def missing(document: Document, texts: Iterable[str]) -> dict[str, list[str]]:
    """{licence: corpora} of rows whose licence wants its text in every copy, where the release has no such text.

    Args:
        document: the release's release.json.
        texts: paths in the release of the texts that it has; those of a corpus count for all its licences.
    """
    held = set(texts)
    found: dict[str, list[str]] = {}
    for corpus, facts in document.corpora.items():
        for part in (part for text in facts["licenses"] for part in licences.parts(text)):
            if licences.find(part).text_travels and not held & {file_of(part), file_of(corpus)}:
                found.setdefault(part, []).append(corpus)
    return {name: sorted(set(corpora)) for name, corpora in sorted(found.items())}


def advice(document: Document, texts: Iterable[str]) -> str:
    """What is missing and what to do, for people; empty if nothing is."""
    lacking = missing(document, texts)
    if not lacking:
        return ""
    each = "; ".join(f"{name} ({', '.join(corpora)}), {licences.find(name).link}" for name, corpora in lacking.items())
    options = " ".join(f"--license-text {name}=FILE" for name in lacking)
    return (
        f"licences whose texts must travel with every copy, and are not in this release: {each}. Save each as a file, "
        f"and release with {options} before you pass the release on."
    )
