"""The contract of an output folder: `meta.json`, written last, says what made it and from what.

No meta: not done. A step is up to date when command, settings, code, inputs and outputs are all still those of its
meta.
"""

import datetime
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from vtgdata import __version__, fingerprint, tables
from vtgdata.errors import RowsFailed, VtgError

Summary = dict[str, Any]
"""What a stage reports: plain JSON values."""

NAME = "meta.json"


class Step:
    """One run of one command into one folder."""

    def __init__(
        self,
        command: str,
        settings: msgspec.Struct,
        *,
        code: Sequence[str],
        inputs: Iterable[str | Path] = (),
        listings: Iterable[str | Path] = (),
    ) -> None:
        """Note what the step depends on; nothing is written yet.

        Args:
            command: the command's name.
            settings: the stage's Settings, with a field `out`.
            code: names of the stage's module and of the plug-ins it will load (a prompt is an input).
            inputs: files and folders whose bytes matter.
            listings: folders of which names, sizes and times of change matter (video roots).

        Raises VtgError when an input does not exist.
        """
        self.settings = msgspec.to_builtins(settings)
        self.out = Path(self.settings.pop("out"))
        self.command = command
        self.code = fingerprint.of_code(*code)
        paths = [str(path) for path in inputs]
        roots = [str(path) for path in listings]
        for path in paths + roots:
            if not Path(path).exists():
                raise VtgError(f"{path}: no such file or folder (an input of `vtgdata {command}`).")
        self.inputs = {path: fingerprint.of_path(Path(path)) for path in paths}
        self.inputs |= {f"{root}/": fingerprint.of_listing(Path(root)) for root in roots}

    def up_to_date(self) -> Summary | None:
        """The summary of the earlier run when nothing changed since, else None."""
        meta = read(self.out)
        if meta is None or not meta["complete"]:
            return None
        same = (
            meta["command"] == self.command
            and meta["settings"] == self.settings
            and meta["code"] == self.code
            and meta["inputs"] == self.inputs
        )
        if not same or not outputs_hold(self.out, meta):
            return None
        return {**meta["summary"], "up_to_date": True}

    def start(self) -> Path:
        """Make the folder, take away the meta of an earlier run, and return the folder."""
        if self.out.exists() and not self.out.is_dir():
            raise VtgError(f"{self.out}: is a file, and `--out` must be a folder.")
        self.out.mkdir(parents=True, exist_ok=True)
        (self.out / NAME).unlink(missing_ok=True)
        return self.out

    def finish(self, summary: Summary, outputs: Iterable[str], *, failed: str | None = None) -> Summary:
        """Write the meta, last of all, and return the summary.

        Args:
            summary: counts and results, as JSON values.
            outputs: names of the files and folders made, relative to the output folder.
            failed: what to tell the user when more rows failed than the threshold allows.

        Raises RowsFailed, after writing, when `failed` is given.
        """
        meta = {
            "command": self.command,
            "version": __version__,
            "complete": failed is None,
            "settings": self.settings,
            "code": self.code,
            "inputs": self.inputs,
            "outputs": {name: fingerprint.of_path(self.out / name) for name in outputs},
            "summary": summary,
            "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        }
        tables.write_json(self.out / NAME, meta)
        if failed is not None:
            raise RowsFailed(failed, summary)
        return summary


def read(folder: Path) -> dict[str, Any] | None:
    """The folder's meta, or None when there is none or it cannot be read (then the step is simply not done)."""
    try:
        meta = msgspec.json.decode((folder / NAME).read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    wanted = {"command", "complete", "settings", "code", "inputs", "outputs", "summary"}
    return cast(dict[str, Any], meta) if isinstance(meta, dict) and wanted <= set(cast(dict[str, Any], meta)) else None


def outputs_hold(folder: Path, meta: dict[str, Any]) -> bool:
    """Whether every file that the meta names is there with the same bytes."""
    return all(
        (folder / name).exists() and fingerprint.of_path(folder / name) == known
        for name, known in meta["outputs"].items()
    )
