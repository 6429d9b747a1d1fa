"""Problems of a file of predictions: each kind with its count and first places, and whether they are too many."""

from collections.abc import Sequence
from typing import Any

from vtgdata.errors import VtgError
from vtgdata.files.schemas import Row
from vtgdata.metrics.judged_rows import MISSING, column
from vtgdata.metrics.judging import Judged, oddities
from vtgdata.metrics.predictions.join import Joined
from vtgdata.metrics.predictions.record import PredictionFile
from vtgdata.metrics.sample_columns import Names
from vtgdata.metrics.truths import as_truths
from vtgdata.records import Sample

SHOWN = 5
"""How many places of each kind are named."""
ODD = {
    "n_wrong_windows": "answers with a window that is none (it meets nothing)",
    "n_past_end": "answers with a window past the end (scored as it is)",
    "n_before_start": "answers with a window before the start (scored as it is)",
    "n_outside": "answers with a window wholly outside (it meets nothing)",
}


def file_facts(file: PredictionFile, joined: Joined, judged: Judged, samples: Sequence[Sample]) -> dict[str, Any]:
    """Counts of a file's rows, and what is wrong with it.

    Returns `format`, `n_rows`, `n_extra` (rows that answer no sample), `n_duplicate` (rows that answer a sample again:
    the first counts), `n_broken` (unreadable rows), `n_set_aside` (rows of blind controls), and `problems`: [{what, n,
    first}].
    """
    ids = as_truths(samples).columns.ids
    odd = {ODD[name]: [str(ids[i]) for i in places.tolist()] for name, places in oddities(judged, samples).items()}
    statuses, errors = (column(judged.rows, name) for name in ("parse_status", "error"))
    answers = {
        "samples without a prediction (score 0)": [ids[i] for i, error in enumerate(errors) if error == MISSING],
        "predictions with an error (score 0)": _told(ids, errors, (None, MISSING)),
        "answers without a window (score 0)": _told(ids, statuses, (None, "ok")),
    }
    return {
        "format": file.format,
        "n_rows": len(file.predictions) + len(file.broken) + file.set_aside,
        "n_extra": len(joined.extra),
        "n_duplicate": len(joined.duplicates),
        "n_broken": len(file.broken),
        "n_set_aside": file.set_aside,
        "problems": _problems(answers | _row_kinds(file, joined) | odd),
    }


def option_facts(file: PredictionFile, joined: Joined, judged: Judged) -> dict[str, Any]:
    """The same for a second file, which gives options: `n_missing` questions have no option there, and are wrong."""
    without = [each for each in column(judged.rows, "sample_id") if each not in joined.found]
    kinds = {"questions without an option (wrong)": without} | _row_kinds(file, joined)
    return {
        "format": file.format,
        "n_rows": len(file.predictions) + len(file.broken),
        "n_missing": len(without),
        "n_failed": len(without),
        "n_extra": len(joined.extra),
        "n_duplicate": len(joined.duplicates),
        "n_broken": len(file.broken),
        "problems": _problems(kinds),
    }


def need_texts(file: PredictionFile, parser: str) -> None:
    """Raise VtgError when a parser lacks texts: no prediction has a text, or some prediction has only windows."""
    said = [each for each in file.predictions if each.error is None]
    bare = [each for each in said if each.text is None and each.windows is not None]
    if not bare and any(each.text is not None for each in said):
        return
    first = f"{bare[0].where} has windows alone" if bare else "it has no text at all"
    raise VtgError(
        f"{file.path}: --parser {parser} reads the texts of answers, and {len(bare) or len(said):,} of {len(said):,} "
        f"predictions have none ({first}). Give a file with texts (a rollouts.parquet, or `text` beside each "
        "sample_id), or leave out --parser."
    )


def _row_kinds(file: PredictionFile, joined: Joined) -> dict[str, list[str]]:
    return {
        "rows that answer no scored sample (left out)": joined.extra,
        "rows that answer a sample twice (the first counts)": joined.duplicates,
        "rows that cannot be read (left out)": [f"{row.where}: {row.detail}" for row in file.broken],
    }


def _problems(kinds: dict[str, list[str]]) -> list[dict[str, Any]]:
    return [{"what": what, "n": len(places), "first": places[:SHOWN]} for what, places in kinds.items() if places]


def _told(ids: Names, values: Sequence[str | None], usual: tuple[str | None, ...]) -> list[str]:
    """The samples whose value is not the usual one, each with its value."""
    return [f"{ids[i]} ({value})" for i, value in enumerate(values) if value not in usual]


def too_much(path: str, found: Row, most: float) -> str | None:
    """A message if more than `most` (a share of n) of a file's answers are missing, repeated or unreadable, else None.

    Errors count as missing. Rows that answer no sample do not count: a file may cover more samples than are scored.
    """
    n = found["n"]
    n_error = found["n_failed"] - found["n_missing"]
    kinds = [
        (found["n_failed"], found["n_missing"], f"{found['n_missing']} of {n} samples have no prediction and score 0"),
        (found["n_failed"], n_error, f"{n_error} of {n} predictions are errors and score 0"),
        (found["n_duplicate"], found["n_duplicate"], f"{found['n_duplicate']} row(s) answer a sample twice"),
        (found["n_broken"], found["n_broken"], f"{found['n_broken']} row(s) cannot be read"),
    ]
    said = [text for total, part, text in kinds if part and total > most * n]
    if not said:
        return None
    kinds_told = ("rows that answer a sample twice", "rows that cannot be read")
    places = [problem["first"][0] for problem in found["problems"] if problem["what"].startswith(kinds_told)]
    first = f" (first: {'; '.join(places)})" if places else ""
    return f"{path}: {', '.join(said)}{first}. Complete and mend the file, or allow a share with --max-failed."
