"""Joining predictions to samples by the keys in a file: which samples are answered, and which rows are superfluous."""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from vtgdata.errors import VtgError
from vtgdata.metrics.predictions.formats import FORMATS
from vtgdata.metrics.predictions.record import Prediction, PredictionFile
from vtgdata.records import Sample


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """The predictions of a file for some samples, and the places of its other rows."""

    found: dict[str, Prediction]
    """{sample id: prediction}; the first one in the file counts."""
    duplicates: list[str]
    """Places of further predictions for a key that was already answered, each with its key."""
    extra: list[str]
    """Places of predictions that answer no sample, each with its key."""


def join(file: PredictionFile, samples: Sequence[Sample]) -> Joined:
    """Give each sample the first prediction that names it.

    A prediction's most precise key is looked up first; if no sample has it, its shorter key is used, but only if
    exactly one sample has that. Raises VtgError when a key names several samples, unless the form lets these share an
    answer.
    """
    form = FORMATS[file.format]
    index: list[dict[str, list[str]]] = []
    for sample in samples:
        for level, key in enumerate(form.keys(sample)):
            if level == len(index):
                index.append(defaultdict(list))
            index[level][key].append(sample.sample_id)
    found: dict[str, Prediction] = {}
    duplicates: list[str] = []
    extra: list[str] = []
    unknown: set[tuple[str, ...]] = set()
    for prediction in file.predictions:
        named = _named(prediction, index)
        shown = f"{prediction.where} ({prediction.keys[0][:80]})"
        if len(named) > 1 and not form.shared:
            raise VtgError(
                f"{prediction.where}: {prediction.keys[0]!r} names several samples ({', '.join(named[:3])}). "
                "Choose one corpus with --where, or give predictions by sample_id."
            )
        fresh = [sample_id for sample_id in named if sample_id not in found]
        if (named and not fresh) or (not named and prediction.keys in unknown):
            duplicates.append(shown)
        elif not named:
            extra.append(shown)
            unknown.add(prediction.keys)
        found.update(dict.fromkeys(fresh, prediction))
    return Joined(found=found, duplicates=duplicates, extra=extra)


def _named(prediction: Prediction, index: Sequence[dict[str, list[str]]]) -> list[str]:
    """Ids of the samples that a prediction names."""
    for level, (key, known) in enumerate(zip(prediction.keys, index, strict=False)):
        named = known.get(key, [])
        if named and (level == 0 or len(named) == 1):
            return named
    return []
