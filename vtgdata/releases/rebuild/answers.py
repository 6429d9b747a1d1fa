"""Which answers of models a step got, and whether they can be had again without asking: for `rebuild.json`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.releases.rebuild import record as rebuild_record
from vtgdata.releases.rebuild.record import Answers, RebuildRecord

ROLLOUTS = "rollouts.parquet"
"""The file of answers, of every step that asks a model."""


def of_step(
    command: str, settings: Mapping[str, Any], folder: Path | None, release: Mapping[str, Any]
) -> Answers | None:
    """The answers that a step got; None if it asked no model.

    Args:
        command: the step's command.
        settings: its settings.
        folder: its output folder.
        release: settings of the release, which name the files of answers that it publishes.
    """
    model = settings.get("model")
    if folder is None or not isinstance(model, str) or "samples" not in settings or command.startswith("demo"):
        return None
    path = folder / ROLLOUTS
    published = {Path(each).resolve() for each in release.get("rollouts", ())}
    stored, repeatable = path.resolve() in published, _repeatable(model)
    if not path.is_file():
        return Answers(models=[], stored=stored, repeatable=repeatable)
    import polars as pl

    rows = pl.read_parquet(path, columns=["model_id", "prompt_id", "tokens_in", "tokens_out"])
    return Answers(
        models=sorted({_public(name) for name in rows["model_id"].unique()}),
        prompts=sorted(rows["prompt_id"].unique()),
        rows=rows.height,
        tokens_in=int(rows["tokens_in"].sum()),
        tokens_out=int(rows["tokens_out"].sum()),
        stored=stored,
        repeatable=repeatable,
    )


def _public(model_id: str) -> str:
    """A model's id as a release has it: of a path of weights only the last part."""
    kind, _, place = model_id.rpartition(":")
    return f"{kind}:{Path(place).name}" if Path(place).is_absolute() else model_id


def _repeatable(spec: str) -> bool:
    """Whether a model of ours says that it gives the same answers on any machine."""
    name = plugins.parse_spec(spec).name
    if "." in name and not name.startswith("vtgdata."):
        return False
    try:
        return bool(getattr(plugins.load("models", name), "REPEATABLE", False))
    except VtgError:
        return False


def taken_over(settings: Mapping[str, Any]) -> RebuildRecord | None:
    """The record of the release whose answers a step was given, as `vtgdata rebuild` does; None for any other step."""
    given = settings.get("rollouts")
    beside = Path(given).parent / rebuild_record.NAME if isinstance(given, str) and given else None
    if beside is None or not beside.is_file():
        return None
    return rebuild_record.decoded(beside.read_bytes(), str(beside))
