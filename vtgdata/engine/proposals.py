"""Windows that an earlier command's answers propose, for prompts that refine them."""

from collections.abc import Sequence

from vtgdata.engine.settings import AskSettings
from vtgdata.errors import VtgError
from vtgdata.files.pieces import read_frames
from vtgdata.files.schemas import ROLLOUTS
from vtgdata.metrics.consensus import densest
from vtgdata.records import Sample

Pairs = list[list[float]]


def of_file(settings: AskSettings, samples: Sequence[Sample]) -> dict[str, Pairs]:
    """{sample id: [[start, end]]}: where most of a sample's answers lie (`metrics.consensus`), of --proposals.

    Raises VtgError when the setting is empty, or the file has no window of any of the samples.
    """
    path = str(getattr(settings, "proposals", ""))
    if not path:
        raise VtgError(
            f"--prompt {settings.prompt}: it proposes windows; say with --proposals whose (rollouts.parquet)."
        )
    wanted, said = {sample.sample_id for sample in samples}, dict[str, Pairs]()
    columns = {name: ROLLOUTS[name] for name in ("sample_id", "windows", "parse_status")}
    for frame in read_frames(path, columns, needs=("sample_id", "windows")):
        for name, windows, status in frame.rows():
            if name in wanted and windows and status in (None, "ok"):
                said.setdefault(name, []).append(list(windows[0]))
    if not said:
        raise VtgError(f"--proposals {path}: has no window of any of these samples.")
    return {name: [list(densest(windows).window)] for name, windows in said.items()}
