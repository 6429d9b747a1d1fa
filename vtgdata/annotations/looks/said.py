"""What is implausible about a file of samples: what its ingest said of it, else what its samples show."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from vtgdata.annotations.looks.gathering import Gathering
from vtgdata.annotations.looks.table import Finding, look
from vtgdata.files import fingerprint, plugins
from vtgdata.files.meta import read_meta
from vtgdata.records import Corpus, RawRow, Sample


def of_file(path: Path, samples: Iterable[Sample], accepted: Sequence[str]) -> list[Finding]:
    """The findings about a file of samples, without those of accepted looks.

    An ingest saw the published rows, the dropped ones included, and knows what the user accepted there. Other files
    (selected rows, releases, files of older versions) are judged by their samples.
    """
    said = _by_ingest(path)
    if said is None:
        said = look(of_samples(samples), _facts, accepted)
    return [found for found in said if found.look not in accepted]


def _by_ingest(path: Path) -> list[Finding] | None:
    """What the ingest that wrote a file said; None where no ingest did, or the file was changed since."""
    meta = read_meta(path.parent)
    if meta is None or meta.command != "ingest" or "looks" not in meta.summary:
        return None
    if meta.outputs.get(path.name) != fingerprint.of_path(path):
        return None
    try:
        return msgspec.convert(meta.summary["looks"], list[Finding])
    except msgspec.ValidationError:
        return None  # of another version, whose findings have other fields


def _facts(corpus: str) -> Corpus | None:
    return plugins.load("corpora", corpus).CORPUS if corpus in plugins.names("corpora") else None


def of_samples(samples: Iterable[Sample]) -> Gathering:
    """A Gathering of samples whose published rows are not at hand."""
    found = Gathering()
    for sample in samples:
        found.add(_row(sample), sample)
    return found


def _row(sample: Sample) -> RawRow:
    video = sample.video
    return RawRow(
        origin=sample.origin,
        raw=None,
        video_id=video.video_id,
        file=video.file,
        query=sample.query,
        windows=[(window.start, window.end) for window in sample.windows],
        split=sample.split,
        source_corpus=str(sample.extra.get("source_corpus", "")),
        duration=video.duration,
        labelled=sample.labelled,
    )
