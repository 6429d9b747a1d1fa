"""Joining predictions to samples by the keys in a file: which samples are answered, and which rows are superfluous."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from vtgdata.annotations import folders
from vtgdata.errors import VtgError
from vtgdata.metrics.predictions.fields import normal, whole_ids
from vtgdata.metrics.predictions.formats import FORMATS, Format
from vtgdata.metrics.predictions.record import Prediction, PredictionFile, WindowUnit
from vtgdata.metrics.predictions.units import refuse_other_units
from vtgdata.metrics.truths import Truths, as_truths
from vtgdata.records import Sample


class Found(Mapping[str, Prediction]):
    """{sample id: prediction}, of which only the places in the file are kept."""

    def __init__(
        self, predictions: Sequence[Prediction], places: Mapping[str, int], unit: WindowUnit | None = None
    ) -> None:  # fmt: skip
        """Args: places: {sample id: place of its prediction}; unit: of all windows, if it is not the stated one."""
        self._predictions, self._places, self._unit = predictions, places, unit

    def __getitem__(self, key: str) -> Prediction:
        found = self._predictions[self._places[key]]
        return found if self._unit is None else msgspec.structs.replace(found, unit=self._unit)

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """The predictions of a file for some samples, and the places of its other rows."""

    found: Mapping[str, Prediction]
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
    form, of = FORMATS[file.format], as_truths(samples)
    index = _Index(of, form)
    counted = file.predictions if form.by_question else ()
    rows = Counter(key for each in counted for key in dict.fromkeys(each.keys))
    found: dict[str, int] = {}
    duplicates: list[str] = []
    extra: list[str] = []
    unknown: set[tuple[str, ...]] = set()
    for place, prediction in enumerate(file.predictions):
        key, named = index.named(prediction)
        fresh = [sample_id for sample_id in named if sample_id not in found]
        if len(named) > 1 and not form.shared:
            if not form.by_question or rows[key] not in (1, len(named)):
                raise _several(prediction, key, named)
            fresh = fresh if rows[key] == 1 else fresh[:1]
        if (named and not fresh) or (not named and prediction.keys in unknown):
            duplicates.append(_shown(prediction))
        elif not named:
            extra.append(_shown(prediction))
            unknown.add(prediction.keys)
        found.update(dict.fromkeys(fresh, place))
    said = Found(file.predictions, found, unit)
    if unit is None:
        refuse_other_units(said, of, file.path)
    return Joined(found=said, duplicates=duplicates, extra=extra)


def _shown(prediction: Prediction) -> str:
    return f"{prediction.where} ({next(filter(None, prediction.keys), '')[:80]})"


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


class _Index:
    """The samples by their keys."""

    def __init__(self, samples: Truths, form: Format) -> None:
        self._samples, self._form = samples, form
        self._levels: list[dict[str, str | list[str]]] = []
        """{key: id of its sample, or ids where several have it} for each level of keys."""
        if form.by_id is not None:
            self._levels.append({})
            for sample_id in samples.columns.ids:
                self._add(0, form.by_id(sample_id), sample_id)
            return
        for sample in samples:
            for level, keys in enumerate(form.keys(sample)):
                if level == len(self._levels):
                    self._levels.append({})
                for key in (keys,) if isinstance(keys, str) else keys:
                    self._add(level, key, sample.sample_id)

    def _add(self, level: int, key: str, sample_id: str) -> None:
        its, key = self._levels[level], whole_ids(key)
        there = its.get(key)
        if isinstance(there, list):
            there.append(sample_id)
        else:
            its[key] = sample_id if there is None else [there, sample_id]

    @cached_property
    def _asked(self) -> dict[str, _Asked]:
        """What the samples ask, by their ids; only some forms state it."""
        return {sample.sample_id: _asked(sample) for sample in self._samples}

    def named(self, prediction: Prediction) -> tuple[str, list[str]]:
        """The key of a prediction that samples have, and the ids of these samples.

        A query that the prediction states must be a sample's, or a whole prompt around it; a folder must be that of the
        sample's video, where videos are told apart by theirs.
        """
        stated, place = prediction.query, prediction.place
        for level, (key, known) in enumerate(zip(prediction.keys, self._levels, strict=False)):
            its = known.get(key, []) if key else []
            named = [its] if isinstance(its, str) else its
            if stated is not None:
                named = [sample_id for sample_id in named if self._asked[sample_id].query in stated]
            if "/" in place:
                named = [sample_id for sample_id in named if folders.may_agree(place, self._asked[sample_id].place)]
            if named and (level == 0 or level < self._form.by_question or len(named) == 1):
                return key, named
        return "", []
