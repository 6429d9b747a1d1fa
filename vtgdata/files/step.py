"""The contract of an output folder: `meta.json`, written last, says what made it and from what.

A folder without it is not done. A step is up to date when its command, settings, code, inputs and outputs are all those
that the meta names.
"""

import datetime
import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata import __version__
from vtgdata.errors import Conflict, RowsFailed, VtgError
from vtgdata.files import claims, fingerprint
from vtgdata.files.crash_points import crash_here
from vtgdata.files.whole import tidy, write_json


class StepSummary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a stage reports, as far as all stages do: each has a record of its own, `Summary`, with further fields.

    JSON has no NaN and keeps null in its place: a number that may be NaN is a `float | None`.
    """

    up_to_date: bool | UnsetType = UNSET
    """True when nothing had to be done, and the summary is that of the earlier run; JSON has the key only then."""


S = TypeVar("S", bound=StepSummary)


def json_values(summary: msgspec.Struct) -> dict[str, Any]:
    """A summary as JSON values, in the order of its fields, `up_to_date` last."""
    values: dict[str, Any] = msgspec.to_builtins(summary)
    if "up_to_date" in values:
        values["up_to_date"] = values.pop("up_to_date")
    return values


META = "meta.json"
HOW = (
    *("executor", "shards", "workers", "jobs", "dry_run", "yes", "budget", "prices", "confirm_over", "only"),
    *("batch", "batch_requests", "batch_megabytes"),
)
"""Settings that say how a step is run and never change its result."""


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """Contents of `meta.json`."""

    command: str
    version: str
    complete: bool
    """False when more rows failed than the threshold allows: the step then runs again, and asks only for these."""
    settings: dict[str, Any]
    code: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    summary: dict[str, Any]
    """The stage's summary as JSON values: other versions of the stage may have written other fields."""
    finished: str
    """ISO 8601, UTC."""


class Step(Generic[S]):
    """One run of one command into one folder."""

    def __init__(
        self,
        command: str,
        settings: msgspec.Struct,
        summary: type[S],
        *,
        code: Sequence[str],
        inputs: Iterable[str | Path] = (),
        listings: Iterable[str | Path] = (),
        reads: Iterable[str | Path] = (),
    ) -> None:
        """Note what the step depends on, and check that it may write its folder; nothing is written yet.

        Args:
            command: the command's name.
            settings: the stage's Settings, with a field `out`.
            summary: the type of the stage's summary; an earlier run whose summary is no such record counts as not done.
            code: names of the stage's module and of the plug-ins it will load (a prompt is an input).
            inputs: files and folders whose bytes matter.
            listings: folders whose file names, sizes and times of change matter, not bytes (folders of videos).
            reads: other paths that the user named to be read, such as a folder in which inputs were found.

        Raises VtgError when an input does not exist, or the folder is an input, contains one or lies in one; Conflict
        when another command made the folder, or it holds files that no command made.
        """
        self.settings = msgspec.to_builtins(settings)
        named = str(self.settings.pop("out"))
        for name in HOW:
            self.settings.pop(name, None)
        if not named:
            raise VtgError(f"`vtgdata {command}` needs a folder to write to: --out is empty.")
        try:
            msgspec.json.encode([self.settings, named])
        except UnicodeEncodeError as error:
            raise VtgError(f"`vtgdata {command}`: a name is not UTF-8 ({error.reason}); rename the file.") from error
        self.out = Path(named)
        if self.out.exists() and not self.out.is_dir():
            raise VtgError(f"--out {self.out}: is a file; name a folder.")
        if (self.out / META).exists() and read_meta(self.out) is None:
            raise Conflict(f"{self.out / META}: was not written by vtgdata; name another folder with --out.")
        paths, roots = [str(path) for path in inputs], [str(path) for path in listings]
        claims.claim(self.out, [*paths, *roots, *reads])
        self.command, self._summary = command, summary
        self.code = fingerprint.of_value([fingerprint.of_code(*code), [_foreign(name) for name in sorted(set(code))]])
        for path in paths + roots:
            if not Path(path).exists():
                raise VtgError(f"{path}: no such file or folder (an input of `vtgdata {command}`).")
        self.inputs = {path: fingerprint.of_path(Path(path)) for path in paths}
        self.inputs |= {f"{root}/": fingerprint.of_listing(Path(root)) for root in roots}
        self._done = self._earlier()
        self._outputs = self._own()

    def _own(self) -> dict[str, str]:
        """The outputs of earlier runs of this command in the folder: {name: fingerprint}.

        Raises Conflict when another command made the folder, or it holds files that no command made.
        """
        made, mark = read_meta(self.out), claims.read_mark(self.out)
        for earlier in (made, mark):
            if earlier is not None:
                claims.refuse_other(self.out, earlier.command, self.command)
        outputs = (mark.outputs if mark else {}) | (made.outputs if made else {})
        begun = mark is not None or (made is None and claims.holds_answers(self.out))
        # Nobody knows which files a killed run had written.
        if not begun and self._done is None:
            claims.refuse_foreign(self.out, outputs)
        return outputs

    def up_to_date(self) -> S | None:
        """The summary of the earlier run if nothing changed since, else None."""
        return self._done

    def _earlier(self) -> S | None:
        meta = read_meta(self.out)
        if meta is None or not meta.complete:
            return None
        made_from = (meta.command, meta.settings, meta.code, meta.inputs)
        if made_from != (self.command, self.settings, self.code, self.inputs) or not outputs_hold(self.out, meta):
            return None
        try:
            return msgspec.convert(meta.summary | {"up_to_date": True}, self._summary)
        except msgspec.ValidationError:
            return None  # the summary has another shape than today's, and whoever reads it would miss a field

    def start(self) -> Path:
        """Create the folder, replace an earlier run's meta by a mark, and return the folder.

        Call it when all results are at hand: until then an earlier run's files stay as they are.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        write_json(self.out / claims.MARK, claims.Mark(command=self.command, outputs=self._outputs))
        (self.out / META).unlink(missing_ok=True)
        crash_here("meta-removed")
        return self.out

    def written(self) -> list[str]:
        """Names of everything in the folder but hidden files: for a library that chooses its own names."""
        return sorted(path.name for path in self.out.iterdir() if not path.name.startswith("."))

    def finish(self, summary: S, outputs: Iterable[str], *, failed: str | None = None) -> S:
        """Write the meta, last of all, and return the summary.

        Args:
            summary: counts and results.
            outputs: names of the files and folders made, relative to the output folder.
            failed: message for the user, given when more rows failed than the threshold allows.

        Raises RowsFailed, after writing, when `failed` is given.
        """
        meta = Meta(
            command=self.command,
            version=__version__,
            complete=failed is None,
            settings=self.settings,
            code=self.code,
            inputs=self.inputs,
            # A trainer names all that lies in the folder: the mark does too, and goes.
            outputs={name: fingerprint.of_path(self.out / name) for name in outputs if name != claims.MARK},
            summary=json_values(summary),
            finished=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        )
        write_json(self.out / META, meta)
        claims.remove_stale(self.out, self._outputs, meta.outputs)
        (self.out / claims.MARK).unlink(missing_ok=True)
        tidy(self.out)
        crash_here("step-done")
        if failed is not None:
            raise RowsFailed(failed, summary)
        return summary


def _foreign(module: str) -> str | None:
    """The fingerprint of other people's plug-in module; None for ours, which `of_code` covers."""
    if module.startswith("vtgdata."):
        return None
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None  # reported when it is loaded
    return fingerprint.of_file(Path(spec.origin)) if spec and spec.origin and Path(spec.origin).is_file() else None


def read_meta(folder: Path) -> Meta | None:
    """The folder's meta; None when there is none, or it is not ours (then the step is simply not done)."""
    try:
        return msgspec.json.decode((folder / META).read_bytes(), type=Meta)
    except (OSError, msgspec.DecodeError):
        return None


def outputs_hold(folder: Path, meta: Meta) -> bool:
    """Whether every file that the meta names still exists with the same bytes."""
    return all(
        (folder / name).exists() and fingerprint.of_path(folder / name) == known for name, known in meta.outputs.items()
    )
