"""Rows of traces: a teacher's rollouts with the reason of each that is not kept, and the target of each that is."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from vtgdata.conversation.verifying import parted
from vtgdata.engine import choice
from vtgdata.engine.collect import Collected
from vtgdata.engine.questions import frame_store
from vtgdata.engine.rollouts import sampling_text
from vtgdata.engine.settings import AskSettings
from vtgdata.engine.targets import Targets
from vtgdata.engine.verification import Chain
from vtgdata.files.parquet import arrow_schema, pyarrow
from vtgdata.files.schemas import DRAWN, ROLLOUTS, TRACES, VERIFIED, Row
from vtgdata.records import Sample
from vtgdata.records.windows import as_pairs


class Tracer:
    """Turns the rows of a sample into traces."""

    def __init__(
        self,
        settings: AskSettings,
        chain: Chain,
        targets: Targets,
        collected: Collected,
        verdicts: Mapping[str, str | None],
    ) -> None:
        """Args: verdicts: what a judge said of answers, by their keys; empty where there is no judge."""
        self.chain, self.targets, self.verdicts = chain, targets, verdicts
        store = frame_store(settings) if chain.looks else None
        self.frames = store.frames if store is not None else None
        self.prompt = collected.prompt.text
        self.how = {
            "prompt_id": targets.taught.id,
            "prompt": targets.taught.text,
            "frame_sampling": json.dumps(msgspec.to_builtins(settings.frame_sampling()), sort_keys=True),
            "sampling": sampling_text(settings.sampling(), settings.seed, collected.reproducible),
        }

    def reasons(self, rows: Sequence[Row], sample: Sample) -> list[str | None]:
        """Why each rollout of a sample should not become a trace, or None."""
        told = [row | {"prompt": self.prompt, "verdict": self.verdicts.get(row["key"])} for row in rows]
        return self.chain.reasons(told, sample, self.frames)

    def traces(self, rows: Sequence[Row], sample: Sample, most: int, best_by: str) -> list[Row]:
        """What each rollout of a sample becomes, in order: `kept` says if it is a trace, `reason` why not.

        These are the columns of OWN, and what is chosen by; the others follow from the rollouts (`table`).

        Args:
            rows: rollouts.
            sample: of them.
            most: traces to keep, 0 for all.
            best_by: score by which the best are chosen.
        """
        reasons = self.reasons(rows, sample)
        found = [self._trace(row, sample, why) for row, why in zip(rows, reasons, strict=True)]
        choice.best(found, most, best_by)
        return found

    def _trace(self, row: Row, sample: Sample, why: str | None) -> Row:
        written = self.targets.write(row | {"prompt": self.prompt}, sample) if why is None else why
        trace: Row = {name: row[name] for name in _CHOSEN_BY}
        trace["annotation_windows"] = as_pairs(sample.windows)
        if isinstance(written, str):
            return left_out(trace, written)
        trace |= {"kept": True, "reason": None, "target": written.text, "marks": list(written.marks)}
        return trace

    def table(self, rollouts: Any, own: Any) -> Any:
        """Traces as an Arrow table. Args: rollouts: of them; own: the columns of OWN."""
        pa = pyarrow()
        found: dict[str, Any] = {name: rollouts[name] for name in ROLLOUTS}
        found |= {name: _repeated(value, rollouts.num_rows) for name, value in self.how.items()}
        found |= {name: own[name] for name in OWN} | {"teacher_windows": rollouts["windows"]}
        return pa.Table.from_arrays([found[name] for name in COLUMNS], schema=arrow_schema(COLUMNS))


@lru_cache(maxsize=16)
def _repeated(value: str, n: int) -> Any:
    """A column of one text; pieces have the same few lengths, and a prompt is long."""
    return pyarrow().repeat(pyarrow().scalar(value, pyarrow().string()), n)


COLUMNS = TRACES | DRAWN | VERIFIED
"""Columns of traces.parquet."""
OWN = {name: COLUMNS[name] for name in ("annotation_windows", "kept", "reason", "number", "detail", "target", "marks")}
"""Those that differ from trace to trace and that no rollout has."""
_CHOSEN_BY = ("key", "index", "iou", "scores", "windows", "error")


def left_out(trace: Row, why: str) -> Row:
    """A trace that is left out, with its reason in parts."""
    code, number, words = parted(why)
    return trace | {"kept": False, "reason": code, "number": number, "detail": words or None}
