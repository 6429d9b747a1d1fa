"""The contract of an output folder: `meta.json`, written last, says what made it and from what.

A folder without it is not done. A step is up to date when its command, settings, code, inputs and outputs are all those
that the meta names. One process at a time holds the folder, and a finished result stays until the next one is whole.
"""

import contextlib
import datetime
import glob
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata import __version__
from vtgdata.errors import Conflict, Locked, RowsFailed, VtgError
from vtgdata.files import claims, code_fingerprint, disk_errors, fingerprint
from vtgdata.files.crash_points import crash_here
from vtgdata.files.draft import DRAFT, discard, fresh, output, settle
from vtgdata.files.lease import Lease, clear
from vtgdata.files.meta import CHANGED, META, Meta, changed_inputs, outputs_hold, read_meta
from vtgdata.files.outside_text import refuse_unstorable
from vtgdata.files.owners import owner_path
from vtgdata.files.temporary import tidy
from vtgdata.files.whole import write_json

LEASE = ".vtgdata"
"""Name that the lease on a folder is for: its side folder is `.vtgdata.owner.json`."""
log = logging.getLogger("vtgdata")


class StepSummary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a stage reports, as far as all stages do: each has a record of its own, `Summary`, with further fields.

    JSON has no NaN and keeps null in its place: a number that may be NaN is a `float | None`.
    """

    up_to_date: bool | UnsetType = UNSET
    """True when nothing had to be done, and the summary is that of the earlier run; JSON has the key only then."""


class StepSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings that every command with an output folder has, besides the folder itself, `out`."""

    replace: bool = False
    """If the output folder holds something else, set that aside as FOLDER.replaced-1; without this it is refused."""


S = TypeVar("S", bound=StepSummary)


def json_values(summary: msgspec.Struct) -> dict[str, Any]:
    """A summary as JSON values, in the order of its fields, `up_to_date` last."""
    values: dict[str, Any] = msgspec.to_builtins(summary)
    if "up_to_date" in values:
        values["up_to_date"] = values.pop("up_to_date")
    return values


HOW = (
    *("executor", "shards", "workers", "jobs", "yes", "budget", "prices", "free", "confirm_over", "allow"),
    *("batch_requests", "batch_megabytes"),
    *("stall", "max_kl", "max_growth"),
    *("launch", "accelerate", "log_to", "save_every", "keep_checkpoints", "tokens_per_second"),
)
"""Settings that say how a step is run and never change its result; `meta.json` has them as `how`."""
ONCE = ("dry_run", "only", "batch", "replace")
"""Settings of one run alone: no later run repeats them."""


class Step(Generic[S]):
    """One run of one command into one folder: a context manager, which holds the folder unless it is up to date."""

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
        """Note what the step depends on, and check that it may write to its folder; nothing is written yet.

        Args:
            command: the command's name.
            settings: the stage's Settings, with a field `out`.
            summary: the type of the stage's summary; an earlier run whose summary is no such record counts as not done.
            code: names of the stage's module and the plug-ins it will load.
            inputs: files and folders whose bytes matter.
            listings: folders whose file names, sizes and times of change matter, not bytes (folders of videos).
            reads: other paths that the user named to be read, such as a folder in which inputs were found.

        Raises VtgError when an input does not exist, or the folder is an input, contains one or lies in one; Conflict
        when another command made the folder, or it holds files that no command made.
        """
        self.settings = msgspec.to_builtins(settings)
        self._replace, self._plans = (bool(self.settings.get(name)) for name in ("replace", "dry_run"))
        named = str(self.settings.pop("out"))
        given = {name: self.settings.pop(name) for name in (*HOW, *ONCE) if name in self.settings}
        # What was given: a budget of 0 is one, though 0 == False.
        self._how = {name: value for name in HOW if (value := given.get(name)) or type(value) in (int, float)}
        if not named:
            raise VtgError(f"`vtgdata {command}` needs a folder to write to: --out is empty.")
        refuse_unstorable(self.settings | {"out": named}, command)
        self.out = Path(named)
        if self.out.exists() and not self.out.is_dir():
            raise VtgError(f"--out {self.out}: is a file; name a folder.")
        paths, roots = [str(path) for path in inputs], [str(path) for path in listings]
        claims.claim(self.out, [*paths, *roots, *reads])
        self.command, self._summary = command, summary
        foreign = [code_fingerprint.of_foreign(name) for name in sorted(set(code))]
        self.code = fingerprint.of_value([code_fingerprint.of_code(*code), foreign])
        for path in paths + roots:
            if not Path(path).exists():
                raise VtgError(f"{path}: no such file or folder (an input of `vtgdata {command}`).")
        self.inputs = {path: fingerprint.of_path(Path(path)) for path in paths}
        self.inputs |= {f"{root}/": fingerprint.of_listing(Path(root)) for root in roots}
        self._lease: Lease | None = None
        self._draft: Path | None = None
        self._new: list[Path] = []
        self._look()

    def _look(self) -> None:
        """Find the earlier run's result; raise Conflict when the folder is somebody else's, unless it is replaced."""
        self._done, self._outputs, self._others = self._earlier(), dict[str, str](), False
        try:
            self._outputs = self._own()
        except Conflict:
            if not self._replace:
                raise
            self._others = True

    def _own(self) -> dict[str, str]:
        """The outputs of earlier runs of this command in the folder: {name: fingerprint}.

        Raises Conflict when another command made the folder, or it holds files that no command made.
        """
        made, mark = read_meta(self.out), claims.read_mark(self.out)
        if made is None and (self.out / META).exists():
            raise Conflict(f"{self.out / META}: was not written by vtgdata; name another folder with --out.")
        for earlier in (made, mark):
            if earlier is not None:
                claims.refuse_other(self.out, earlier.command, self.command)
        outputs = (mark.outputs if mark else {}) | (made.outputs if made else {})
        staged = read_meta(self.out / DRAFT)
        begun = mark is not None or (made is None and claims.holds_answers(self.out))
        # Nobody knows which files a run had written that was killed while it filled the folder piece by piece.
        if not begun and self._done is None:
            claims.refuse_foreign(self.out, {**outputs, **(staged.outputs if staged else {})})
        return outputs

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

    def __enter__(self) -> Self:
        """Hold the folder, unless nothing is to be done; raises Locked when a living process holds it."""
        if not self._plans and (
            self._done is None or (self.out / DRAFT).exists() or owner_path(self.out / LEASE).exists()
        ):
            try:
                self._hold()
            except Locked:
                if self._done is None:
                    raise
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            disk_errors.name(error, self.out)
        finally:
            self._let_go()

    def _hold(self) -> None:
        """Take the lease on the folder, and put in order what a killed run left there."""
        if self._lease is not None:
            return
        self._new = [path for path in (self.out, *self.out.parents) if not path.exists()]
        self.out.mkdir(parents=True, exist_ok=True)
        self._lease = Lease(self.out / LEASE, self.out)
        try:
            for aside in self.out.parent.glob(f"{glob.escape(self.out.name)}.replaced-*") if self._replace else ():
                clear(aside / LEASE)  # a run was killed as it set this aside
            if self._others:
                self._set_aside()
            settle(self.out)
            self._look()
        except BaseException:
            self._let_go()
            raise

    def _set_aside(self) -> None:
        assert self._lease is not None
        aside = claims.set_aside(self.out)
        self._lease.moved(aside / LEASE)
        self._lease.release()
        self.out.mkdir()
        self._lease = Lease(self.out / LEASE, self.out)
        log.warning("%s: what it held is now in %s", self.out, aside)

    def _let_go(self) -> None:
        """Give the folder back; a draft that is not whole goes, and so does a new folder that has nothing in it."""
        if self._lease is None:
            return
        if read_meta(self.out / DRAFT) is None:
            discard(self.out)
        self._lease.release()
        self._lease = self._draft = None
        for path in self._new:
            with contextlib.suppress(OSError):
                path.rmdir()  # only an empty folder can be removed

    def up_to_date(self) -> S | None:
        """The summary of the earlier run if nothing changed since, else None."""
        return self._done

    def identity(self) -> str:
        """A hash of what the result depends on: command, settings, code and inputs."""
        return fingerprint.of_value([self.command, self.settings, self.code, self.inputs])

    def start(self) -> Path:
        """A new folder to write the outputs into, under their names; `finish` moves them to the output folder.

        Raises Locked when a living process holds the output folder.
        """
        self._hold()
        if self._draft is None:
            self._draft = fresh(self.out)
        return self._draft

    def begin(self) -> Path:
        """The output folder itself, for outputs that are kept from run to run and written one by one, each whole.

        It gets a mark that says whose it is until the run ends. Raises Locked as `start` does.
        """
        self._hold()
        write_json(self.out / claims.MARK, claims.Mark(command=self.command, outputs=self._outputs))
        return self.out

    def look_again(self, listings: Iterable[str | Path]) -> None:
        """Note folders as they are now: the step itself has added to them."""
        self.inputs |= {f"{root}/": fingerprint.of_listing(Path(root)) for root in listings}

    def written(self) -> list[str]:
        """Names of everything that was written but hidden files: for a library that chooses its own names."""
        return sorted(path.name for path in self.start().iterdir() if not path.name.startswith("."))

    def finish(self, summary: S, outputs: Iterable[str], *, failed: str | None = None, parser: str = "") -> S:
        """Put the outputs in their places, the meta last of all, and return the summary.

        Where an input has changed since it was hashed, nobody knows which bytes were read: the result is kept, since it
        may be that of days, but never counts as up to date.

        Args:
            summary: counts and results.
            outputs: names of the files and folders made, relative to the output folder.
            failed: message for the user, given when more rows failed than the threshold allows.
            parser: fingerprint of what read the answers that were written.

        Raises RowsFailed, after writing, when `failed` is given, and Locked when another process took the folder over.
        """
        draft = self.start()
        for path in changed_inputs(self.inputs):
            log.warning("%s: changed while `vtgdata %s` ran: the same command does it again.", path, self.command)
            self.inputs[path] = CHANGED
        meta = Meta(
            command=self.command, version=__version__, complete=failed is None, settings=self.settings,
            code=self.code, inputs=self.inputs,
            outputs={name: fingerprint.of_path(output(name, draft, self.out)) for name in outputs},
            summary=json_values(summary),
            finished=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            how=self._how, parser=parser,
        )  # fmt: skip
        assert self._lease is not None
        self._lease.check()
        write_json(draft / META, meta)
        crash_here("step-staged")
        settle(self.out)
        tidy(self.out)
        self._let_go()
        crash_here("step-done")
        if failed is not None:
            raise RowsFailed(failed, summary)
        return summary
