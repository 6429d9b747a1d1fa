"""What must not be published: paths of this machine, in any column of a release's rows."""

from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from vtgdata.errors import VtgError


def refuse_paths(where: str, frame: Any) -> None:
    """Raise VtgError when a row of a Polars frame names a file by a path of this machine.

    Args:
        where: the file of the rows, for the message.
        frame: rows, whose columns video_file and origin are looked at.
    """
    for column in ("video_file", "origin"):
        if column not in frame.columns:
            continue
        text = frame[column].drop_nulls()
        # Most are no path, and a path object for each of them takes long.
        likely = text.filter(text.str.contains(r"^(?:[/\\]|(?s:.):)"))
        found = next((each for each in likely if is_path(each)), None)
        if found is not None:
            raise VtgError(
                f"{where}: {column} {found!r} is a path of this machine, which must not be published. Ingest the "
                "corpus again."
            )


def model_names(frame: Any) -> Any:
    """The frame with model ids as they are published.

    Servers often name a model by the path of its weights: only the last part of it is published.
    """
    import polars as pl

    for column in ("model_id", "judge_id"):
        names: list[str | None] = frame[column].unique().to_list() if column in frame.columns else []
        local = [name for name in names if name and public_name(name) != name]
        if local:
            frame = frame.with_columns(pl.col(column).replace(local, [public_name(name) for name in local]))
    return frame


def public_name(model_id: str) -> str:
    """The name under which a model is published.

    >>> public_name("openai_api:/home/me/weights/tiny"), public_name("openai_api:tiny")
    ('openai_api:tiny', 'openai_api:tiny')
    """
    kind, _, place = model_id.rpartition(":")
    return f"{kind}:{PurePosixPath(place).name}" if is_path(place) else model_id


def is_path(text: str) -> bool:
    """Whether a text is an absolute path, of this or another system."""
    if text[:1] not in ("/", "\\") and text[1:2] != ":":
        return False
    return PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()
