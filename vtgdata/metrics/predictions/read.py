"""Reading a file of predictions: its form is named, or guessed from the first entry that has a known one."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from vtgdata.annotations.text import shown
from vtgdata.errors import VtgError, did_you_mean
from vtgdata.files.packed import Packed
from vtgdata.metrics.predictions import rows
from vtgdata.metrics.predictions.entries import Entry, entries
from vtgdata.metrics.predictions.fields import whole_ids
from vtgdata.metrics.predictions.formats import FORMATS
from vtgdata.metrics.predictions.record import Broken, Prediction, PredictionFile

_HINT = "Write an object with sample_id and windows (or text) a line, or name the form with --format"


def read_predictions(path: str | Path, form: str = "") -> PredictionFile:
    """All predictions of a file, and its broken rows.

    Args:
        path: JSON, JSONL, or a rollouts.parquet.
        form: a name in `formats.FORMATS`; empty to guess it from the file.

    Raises VtgError when the file is missing or empty, or no row of it can be read.
    """
    path = Path(path)
    if form and form not in FORMATS:
        raise VtgError(f"--format {form!r} is no form of predictions; {did_you_mean(form, FORMATS)}.")
    found = entries(path)
    chosen, first = (form, []) if form else _sniffed(found)
    predictions: Packed[Prediction] = Packed(Prediction)
    broken: list[Broken] = []
    set_aside = 0
    for entry in itertools.chain(first, found):
        if _is_control(entry):
            set_aside += 1
            continue
        if isinstance(entry, Broken):
            broken.append(entry)
            continue
        try:
            predictions.append(_read(entry, chosen))
        except ValueError as error:
            broken.append(Broken(entry.where, str(error)))
    if not predictions:
        raise _nothing(path, broken)
    gather = FORMATS[chosen].gather
    return PredictionFile(
        path=str(path),
        format=chosen,
        predictions=predictions if gather is None else gather(list(predictions)),
        broken=broken,
        set_aside=set_aside,
    )


def _sniffed(found: Iterator[Entry | Broken]) -> tuple[str, list[Entry | Broken]]:
    """The form of the first entry that has a known one, "" if none has, and the entries up to it."""
    seen: list[Entry | Broken] = []
    for entry in found:
        seen.append(entry)
        if isinstance(entry, Entry):
            for name, form in FORMATS.items():
                if form.recognises(entry):
                    return name, seen
    return "", seen


def _is_control(entry: Entry | Broken) -> bool:
    """Whether a row of our own rollouts is from a blind control (other frames, or another query)."""
    return isinstance(entry, Entry) and entry.record.get("seeing") not in (None, "sighted")


def _read(entry: Entry, form: str) -> Prediction:
    """A prediction out of an entry; raises ValueError that says what is wrong with it."""
    if not form:
        raise ValueError(_unknown(entry))
    found = FORMATS[form].read(entry)
    if any(".0" in key for key in found.keys):
        found = msgspec.structs.replace(found, keys=tuple(map(whole_ids, found.keys)))
    return found


def _unknown(entry: Entry) -> str:
    """Why an entry has no known form: what is missing, and the keys that it has."""
    try:
        rows.read(entry)
    except ValueError as error:
        return f"no known form: {error}" if entry.record else f"no known form: {error} ({shown(entry.value)})"
    return f"no sample_id, and no other known form ({shown(entry.value)})"


def _nothing(path: Path, broken: Sequence[Broken]) -> VtgError:
    if not broken:
        return VtgError(f"{path}: holds no prediction, so every sample would score 0. {_HINT}.")
    first = broken[0]
    more = f" ({len(broken):,} such rows)" if len(broken) > 1 else ""
    return VtgError(
        f"{first.where}: {first.detail}{more}; {path.name} holds no prediction that can be read. "
        f"{_HINT}; forms: {', '.join(FORMATS)}."
    )
