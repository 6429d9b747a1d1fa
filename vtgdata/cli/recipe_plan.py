"""What a recipe would do, step by step, before any step has run: rows, calls, tokens, cost, hours, and what is missing.

Nothing is asked, and nothing is written but into a scratch folder. Rows are counted where the files are there; for a
file that is missing stand the numbers that its corpus publishes. What cannot be known before a model has answered has
two ends.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import msgspec

from vtgdata.annotations.stretches import stretches
from vtgdata.cli.planned_step import Missing, PlannedStep
from vtgdata.cli.recipe_costs import LEAST_OUT, Ends, cost_of, each, hours_of, later_of, tokens_of
from vtgdata.cli.recipe_counts import UNKNOWN, Known, counted, page, partly, published, tried
from vtgdata.engine.money.tokens import Range
from vtgdata.errors import VtgError
from vtgdata.files import outside, plugins, temporary
from vtgdata.files.pieces import count_rows

ONE = Range(1, 1)
CHEAP = ("ingest", "import rollouts", "curate")
"""Commands that only read annotations."""
_SPLIT = re.compile(r"\s*split\s*={1,2}\s*'([^']*)'\s*\Z")


class Planner:
    """Goes through the steps of a recipe in order and keeps what each would make.

    Steps that only read annotations (`CHEAP`) are run into a scratch folder, so that their rows are counted and not
    guessed.
    """

    def __init__(self, out: str, scratch: Path) -> None:
        self._out, self._scratch = out, scratch
        self._made: dict[str, Known] = {}
        """{file that a step would make, where it cannot be tried: its rows}."""

    def step(self, plan: Any, record: msgspec.Struct) -> PlannedStep:
        """The plan of one step; `plan` is a `recipe.StepPlan`, `record` its Settings."""
        ways = {
            "ingest": self._ingest, "import rollouts": self._import, "curate": self._curate, "select": self._select,
            "build-coldstart": self._ask, "score-difficulty": self._ask, "evaluate": self._ask,
            "propose": self._propose, "train sft": self._train, "train rl": self._train,
            "train distill": self._train,
        }  # fmt: skip
        if plan.command in CHEAP:
            self._try(plan)
        found = ways.get(plan.command, self._other)(record)
        missing = [*found.pop("missing", []), *self._folders(record)]
        return PlannedStep(id=plan.id, command=plan.command, settings=plan.settings, missing=missing, **found)

    def _try(self, plan: Any) -> None:
        """Run a cheap step into the scratch folder, unless it was run before or its inputs are not there."""
        from vtgdata.cli import commands

        if Path(plan.settings["out"], "meta.json").exists() or plan.settings.get("videos"):
            return
        settings = _replaced(plan.settings, lambda text: str(self._there(text)))
        settings["out"] = str(self._moved(plan.settings["out"]))
        with tried():
            commands.execute(plan.command, commands.build(plan.command, settings, plan.id))

    def _moved(self, path: str) -> Path:
        """Where a file or folder of the run lies in the scratch folder."""
        return self._scratch / Path(path).relative_to(self._out)

    def _there(self, path: str) -> Path | str:
        """A path of the run, or what was made in its place; any other text as it is."""
        if not path.startswith(f"{self._out}/") or Path(path).exists():
            return path
        moved = self._moved(path)
        return moved if moved.exists() else path

    def _note(self, folder: str, name: str, known: Known) -> None:
        self._made[str(Path(folder, name))] = known

    def _of(self, path: str) -> Known | None:
        """What is known of a file of samples."""
        there = Path(self._there(path))
        if not outside.is_file(there):
            return self._made.get(str(Path(path)))
        return counted(there)

    def _folders(self, record: Any) -> Iterator[Missing]:
        """Folders of videos and of models that are not there and that no step makes."""
        videos = getattr(record, "videos", "")
        if isinstance(videos, str) and videos and not Path(videos).exists() and not self._is_made(videos):
            yield Missing(path=videos, get="videos; see the pages of its corpora: `vtgdata corpora NAME`")
        for model in (getattr(record, "model", ""), getattr(record, "teacher", "")):
            if isinstance(model, str) and model.startswith((".", "/")) and not Path(model).exists():
                yield Missing(path=model, get="the folder of a model")

    def _is_made(self, path: str) -> bool:
        return Path(path).is_relative_to(self._out)

    def _ingest(self, record: Any) -> dict[str, Any]:
        if (known := self._of(f"{record.out}/samples.parquet")) is not None:
            return {"rows": _ends(known.rows)}
        corpus = plugins.load("corpora", record.corpus).CORPUS
        gone = [path for path in record.paths if not Path(path).exists() and not self._is_made(path)]
        rest = [str(self._there(path)) for path in record.paths if path not in gone] if gone else []
        there = partly(record, rest, self._scratch / "partly" / Path(record.out).name)
        known = published(corpus, record, gone, there)
        self._note(record.out, "samples.parquet", known)
        return {"rows": _ends(known.rows), "missing": [Missing(path=path, get=page(corpus)) for path in gone]}

    def _import(self, record: Any) -> dict[str, Any]:
        known = self._of(f"{record.out}/samples.parquet")
        if known is not None:
            self._note(record.out, "pass_rates.parquet", known)
            return {"rows": _ends(known.rows)}
        for name in ("samples.parquet", "pass_rates.parquet"):
            self._note(record.out, name, Known(UNKNOWN, ()))
        form = plugins.load("forms", record.form).FORM
        gone = [] if Path(record.file).exists() else [Missing(path=record.file, get=form.source)]
        return {"missing": gone}

    def _curate(self, record: Any) -> dict[str, Any]:
        known = self._of(f"{record.out}/samples.parquet")
        if known is None:
            given = self._of(record.file) or Known(UNKNOWN, ())
            kept = Range(0 if record.filters else given.rows.low, given.rows.high)
            known = Known(kept, given.examples, {} if record.filters else given.splits)
            self._note(record.out, "samples.parquet", known)
        return {"rows": _ends(known.rows)}

    def _propose(self, record: Any) -> dict[str, Any]:
        """Every stretch of each video is asked about, or scored, and of the best ones once more."""
        from vtgdata.stages.propose import closer_look

        closer = closer_look(record)
        parts = [stretches(each, record.stretch, record.overlap) for each in self._chosen(record).examples]
        examples = tuple(part for own in parts for part in own[:1])
        first = tokens_of(record, examples)
        second = first if closer is None else tokens_of(closer, examples)
        if not parts:
            most = record.best if record.score_by else float("inf")
            return self._ask(record, Range(1, most), Range(first.low, max(first.high, second.high)))
        again = 0 if closer is None else sum(min(len(own), record.best) for own in parts) / len(parts)
        once = 0 if record.score_by else sum(map(len, parts)) / len(parts)
        mean = (once * first.high + again * second.high) / (once + again)
        return self._ask(record, Range(once or again, once + again), Range(first.low if once else second.low, mean))

    def _ask(self, record: Any, questions: Range = ONE, prompt: Range | None = None) -> dict[str, Any]:
        """What answers take. Args: questions: of each sample; prompt: tokens of one, if not those of a sample's."""
        known = self._chosen(record)
        adaptive = getattr(record, "adaptive", "")
        n = Range(record.n, record.max_n if adaptive else record.n)
        models = record.model if isinstance(record.model, list) else [record.model]
        passes = max(1, len(models)) * (1 + bool(getattr(record, "blind", False)))
        teachers, judges = later_of(record)
        later = [*teachers, *judges]
        calls = Range(
            known.rows.low * n.low * passes * questions.low,
            known.rows.high * n.high * (passes * questions.high + len(later)),
        )
        for name in ("pass_rates.parquet", "traces.parquet", "rollouts.parquet"):
            low = 0 if name == "traces.parquet" else known.rows.low
            self._note(record.out, name, Known(Range(low, known.rows.high), known.examples))
        if getattr(record, "rollouts", "") or getattr(record, "predictions", ""):
            return {"rows": _ends(known.rows)}
        each_in = prompt or tokens_of(record, known.examples)
        each_in = Range(each_in.low, each_in.high + bool(judges) * record.max_tokens)  # a judge reads an answer, too
        most = max(record.max_tokens, record.judge_max_tokens if judges else 0)
        each_out = Range(min(LEAST_OUT, record.max_tokens), most)
        if not calls.high < float("inf"):
            return {
                "each": True,
                "tokens_in": _ends(each_in),
                "tokens_out": _ends(each_out),
                "cost": cost_of(record, models, Range(1, 1), each_in, each_out, later),
                "hours": hours_of(each_in, each_out),
            }
        into, out = each(calls, each_in), each(calls, each_out)
        return {
            "rows": _ends(known.rows), "calls": _ends(calls), "tokens_in": _ends(into), "tokens_out": _ends(out),
            "cost": cost_of(record, models, calls, each_in, each_out, later), "hours": hours_of(into, out),
        }  # fmt: skip

    def _chosen(self, record: Any) -> Known:
        """The samples that a step asks about: those of its file, or of them any number where a condition is put."""
        known = self._of(record.samples) or Known(UNKNOWN, ())
        rows = known.rows
        there = self._there(record.samples)
        if record.where and outside.is_file(there):
            from vtgdata.files.samples import open_samples

            met = len(open_samples(there, where=record.where, look=False))
            rows = Range(met, met)
        elif record.where:
            named = known.splits.get(_SPLIT.sub(r"\1", record.where))
            rows = Range(0, rows.high) if named is None else Range(named, named)
        few = None if getattr(record, "go_on", False) else getattr(record, "pilot", None)
        for most in (record.limit, few):
            if most is not None:
                rows = Range(min(rows.low, most), min(rows.high, most))
        return Known(rows, known.examples)

    def _select(self, record: Any) -> dict[str, Any]:
        known = self._of_table(record.pass_rates)
        size = record.size if record.size is not None else float("inf")
        rows = Range(min(1, known.rows.high), min(size, known.rows.high))
        self._note(record.out, "rows.parquet", Known(rows, known.examples))
        return {"rows": _ends(rows)}

    def _of_table(self, path: str) -> Known:
        known = self._made.get(str(Path(path)))
        if known is None and outside.is_file(path):
            rows = count_rows(path)
            return Known(Range(1, rows), ())
        return known or Known(UNKNOWN, ())

    def _train(self, record: Any) -> dict[str, Any]:
        """RL and distillation draw answers, SFT none; how long a training takes depends on the machine."""
        if not record.steps:
            return {}  # as many as its epochs have: the training's own plan says it, where the rows are known
        prompts = getattr(record, "prompts_per_step", None)
        if prompts is None:
            return {"rows": _ends(Range(record.steps * record.batch_size, record.steps * record.batch_size))}
        calls = record.steps * prompts * getattr(record, "rollouts", 1)
        most = getattr(record, "max_new_tokens", None) or 512
        out = Range(calls * min(LEAST_OUT, most), calls * most)
        return {"rows": _ends(Range(record.steps * prompts, record.steps * prompts)),
                "calls": Ends(low=calls, high=calls), "tokens_out": _ends(out)}  # fmt: skip

    def _other(self, record: Any) -> dict[str, Any]:
        samples = getattr(record, "samples", "")
        known = self._of(samples) if isinstance(samples, str) and samples else None
        if (out := getattr(record, "out", "")) and isinstance(out, str):
            # What it makes is not known, but that it makes something in its folder is.
            self._made.setdefault(str(Path(out, "meta.json")), Known(Range(0, 0), ()))
        return {"rows": _ends(known.rows)} if known else {}


def _replaced(value: Any, change: Any) -> Any:
    """A setting with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_replaced(each, change) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: _replaced(each, change) for key, each in cast("dict[str, Any]", value).items()}
    return value


def _ends(found: Range) -> Ends | None:
    """A range as a record; None where its upper end is not known."""
    return None if found.high == float("inf") else Ends(low=found.low, high=found.high)


def plan(recipe: Any, records: list[Any]) -> list[PlannedStep]:
    """The plan of every step of a recipe; a step whose input is wrong is listed with what is wrong."""
    found: list[PlannedStep] = []
    with temporary.folder() as scratch:
        planner = Planner(recipe.out, scratch)
        for step, record in zip(recipe.steps, records, strict=True):
            try:
                found.append(planner.step(step, record))
            except VtgError as error:
                wrong = Missing(path="", get=str(error))
                found.append(PlannedStep(id=step.id, command=step.command, settings=step.settings, missing=[wrong]))
    return found
