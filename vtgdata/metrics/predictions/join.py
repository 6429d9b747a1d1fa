"""Joining predictions to samples by the keys in a file: which samples are answered, and which rows are superfluous."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from vtgdata.annotations import folders
from vtgdata.errors import VtgError
from vtgdata.metrics.predictions.fields import normal, whole_ids
from vtgdata.metrics.predictions.formats import FORMATS, Format
from vtgdata.metrics.predictions.record import Prediction, PredictionFile, WindowUnit
from vtgdata.metrics.predictions.units import as_said
from vtgdata.records import Sample


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """The predictions of a file for some samples, and the places of its other rows."""

    found: dict[str, Prediction]
    """{sample id: prediction}; the first one in the file counts."""
    duplicates: list[str]
    """Places of further predictions for a key that was already answered, each with its key."""
    extra: list[str]
    """Places of predictions that answer no sample, each with its key."""


def join(file: PredictionFile, samples: Sequence[Sample], unit: WindowUnit | None = None) -> Joined:
    """Give each sample the first prediction that names it.

    Args:
        file: the predictions.
        samples: those to answer.
        unit: of the file's windows, if the user said one.

    A prediction's most precise key is looked up first; if no sample has it, its shorter key is used, but only if
    exactly one sample has that. Raises VtgError when a key names several samples, unless the form lets these share an
    answer, or they are as many as the rows that name them, which then answer them in their order.
    """
    form = FORMATS[file.format]
    index, asked = _index(samples, form), {sample.sample_id: _asked(sample) for sample in samples}
    rows = Counter(key for prediction in file.predictions for key in dict.fromkeys(prediction.keys))
    found: dict[str, Prediction] = {}
    duplicates: list[str] = []
    extra: list[str] = []
    unknown: set[tuple[str, ...]] = set()
    for prediction in file.predictions:
        key, named = _named(prediction, index, form, asked)
        shown = f"{prediction.where} ({next(filter(None, prediction.keys), '')[:80]})"
        fresh = [sample_id for sample_id in named if sample_id not in found]
        if len(named) > 1 and not form.shared:
            if not form.by_question or rows[key] not in (1, len(named)):
                raise _several(prediction, key, named)
            fresh = fresh if rows[key] == 1 else fresh[:1]
        if (named and not fresh) or (not named and prediction.keys in unknown):
            duplicates.append(shown)
        elif not named:
            extra.append(shown)
            unknown.add(prediction.keys)
        found.update(dict.fromkeys(fresh, prediction))
    return Joined(found=as_said(found, samples, unit, file.path), duplicates=duplicates, extra=extra)


def _several(prediction: Prediction, key: str, named: Sequence[str]) -> VtgError:
    return VtgError(
        f"{prediction.where}: {key!r} names several samples ({', '.join(named[:3])}). "
        "Choose one corpus with --where, or give predictions by sample_id."
    )


class _Asked(NamedTuple):
    """What a sample asks about, each in one spelling."""

    query: str
    place: str
    """The path of its video; the bare name where no other video has it."""


def _asked(sample: Sample) -> _Asked:
    return _Asked(normal(sample.query), folders.path(sample.video.file))


def _index(samples: Sequence[Sample], form: Format) -> list[dict[str, list[str]]]:
    """{key: ids of samples} for each level of keys."""
    index: list[dict[str, list[str]]] = []
    for sample in samples:
        for level, keys in enumerate(form.keys(sample)):
            if level == len(index):
                index.append(defaultdict(list))
            for key in (keys,) if isinstance(keys, str) else keys:
                index[level][whole_ids(key)].append(sample.sample_id)
    return index


def _named(
    prediction: Prediction, index: Sequence[dict[str, list[str]]], form: Format, asked: dict[str, _Asked]
) -> tuple[str, list[str]]:
    """The key of a prediction that samples have, and the ids of these samples.

    A query that the prediction states must be a sample's, or a whole prompt around it; a folder must be that of the
    sample's video, where videos are told apart by theirs.
    """
    stated, place = prediction.query, prediction.place
    for level, (key, known) in enumerate(zip(prediction.keys, index, strict=False)):
        named = known.get(key, []) if key else []
        if stated is not None:
            named = [sample_id for sample_id in named if asked[sample_id].query in stated]
        if "/" in place:
            named = [sample_id for sample_id in named if folders.may_agree(place, asked[sample_id].place)]
        if named and (level == 0 or level < form.by_question or len(named) == 1):
            return key, named
    return "", []
