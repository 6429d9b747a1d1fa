"""Rebuild: make a release again from its raw files, and say whether the result is the same.

    out/release/       the rebuilt release
    out/rebuilt.json   what was the same, and what was not

The steps are those of the release's `rebuild.json`. Answers of models come from its config `rollouts`, so that nothing
is asked.
"""

import shutil
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType

from vtgdata import releases
from vtgdata.engine.money import prices
from vtgdata.errors import NotTheSame, RowsFailed, VtgError
from vtgdata.files import claims, outside
from vtgdata.files.meta import META
from vtgdata.files.step import Step, StepSettings, StepSummary
from vtgdata.files.whole import write_json
from vtgdata.releases import hub
from vtgdata.releases.rebuild import comparison, record, steps, trust
from vtgdata.releases.rebuild import plan as planning
from vtgdata.releases.rebuild.comparison import Comparison
from vtgdata.releases.rebuild.plan import Plan, PlannedStep, Wanted
from vtgdata.releases.rebuild.raw_files import Sought

REPORT = "rebuilt.json"


class Settings(StepSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to rebuild, from what, and where to."""

    release: str
    """Folder of the release, or `org/name@tag`."""
    raw: list[str] = msgspec.field(default_factory=list[str])
    """Folder in which the raw files lie, at any depth and under any name, or one such file; may be given several
    times."""
    out: str = ""
    """Output folder; by default one in the current folder, named after the release and ending in `.rebuilt`."""
    videos: str = ""
    """Folder under which the videos lie, if a step reads them."""
    allow_changed: bool = False
    """Take a raw file of the same name with other bytes than were read; the result is then not the same."""
    prices: str = ""
    """File of prices in dollars per million tokens, used before ours, for what asking a model again would cost."""
    dry_run: bool = False
    """Print the plan: each step, each raw file and where it comes from, and what is missing. Do nothing."""


class Summary(StepSummary, frozen=True, kw_only=True):
    """The plan, and whether what was made is what was published."""

    release: str
    """The release, as given."""
    version: str
    tool: str
    """`vtgdata` and its version, which made the release."""
    steps: list[PlannedStep]
    raw: list[Sought]
    problems: list[str]
    """What is missing; only --dry-run returns with problems."""
    result: Comparison | UnsetType = UNSET
    """Unset with --dry-run."""
    out: str
    """Output folder."""


def run(settings: Settings) -> Summary:
    """Plan the rebuild, run it, and compare.

    Raises VtgError, before anything is written, when the release does not say how it was made, or something is missing
    that it needs; NotTheSame, after writing, when the result is not the same.
    """
    release = releases.open_release(hub.local(settings.release))
    made_by = record.read(release)
    trust.check(made_by, settings.release)
    folders = [Path(folder).expanduser() for folder in settings.raw]
    named = bool(settings.out)
    settings = msgspec.structs.replace(settings, out=settings.out or _default(settings.release))
    # Without --out, `--raw .` is right: a folder of raw files is looked through, but not where the result lies.
    out = Path(settings.out).expanduser()
    apart = [folder for folder in folders if named or outside.resolved(folder) not in outside.resolved(out).parents]
    claims.claim(out, [release.path, *apart, *([settings.videos] if settings.videos else [])])
    table = prices.load(Path(settings.prices).expanduser()) if settings.prices else []
    wanted = Wanted(folders, out, settings.videos, settings.allow_changed, [*table, *prices.load(prices.OURS)])
    plan = planning.make(release, made_by, wanted)
    summary = Summary(
        release=settings.release,
        version=release.document.version,
        tool=release.document.tool,
        steps=plan.steps,
        raw=plan.raw,
        problems=plan.problems,
        out=settings.out,
    )
    if settings.dry_run:
        return summary
    with Step(
        "rebuild",
        settings,
        Summary,
        code=[__name__],
        inputs=[release.path / releases.NAME, *_found(plan, release.path)],
        listings=[settings.videos] if plan.videos and settings.videos else [],
        reads=[release.path, *apart],
    ) as step:
        if (done := step.up_to_date()) is not None:
            return done
        if plan.problems:
            raise VtgError("\n".join([f"{settings.release}: cannot be rebuilt yet; what is needed:", *plan.problems]))
        draft = step.start()
        work = draft / ".work"
        made = steps.run(work, release, made_by, plan, settings.videos)
        result = comparison.compare(release, made)
        shutil.move(made.path, draft / "release")
        (draft / "release" / META).unlink(missing_ok=True)
        shutil.rmtree(work)
        write_json(draft / REPORT, result)
        return _finished(step, msgspec.structs.replace(summary, result=result), plan, result)


def _default(release: str) -> str:
    """The output folder of a rebuild for which none is named: `org/doors@v1.0.0` gives `doors-v1.0.0.rebuilt`."""
    return f"{outside.resolved(Path(release)).name.replace('@', '-')}.rebuilt"


def _found(plan: Plan, release: Path) -> list[str]:
    """The raw files that the user gave."""
    return sorted({raw.here for raw in plan.raw if raw.here and release not in Path(raw.here).parents})


def _finished(step: Step[Summary], summary: Summary, plan: Plan, result: Comparison) -> Summary:
    changed = [raw.here for raw in plan.raw if raw.state == "changed"]
    why = f" Other bytes than were read: {', '.join(changed)}." if changed else ""
    said = f"{summary.release}: the result is not the same: {result.data_said}.{why}"
    try:
        return step.finish(summary, ["release", REPORT], failed=None if result.same else said)
    except RowsFailed as error:
        raise NotTheSame(str(error), error.summary) from None
