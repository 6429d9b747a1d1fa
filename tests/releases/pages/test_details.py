"""What a sample's own page and the first page say besides the table."""

import json
from pathlib import Path

from support.builders import make_sample
from vtgdata.files import schemas
from vtgdata.files.meta import Meta
from vtgdata.files.parquet import write_parquet
from vtgdata.files.samples import write_samples
from vtgdata.files.whole import json_text
from vtgdata.releases.pages import content
from vtgdata.releases.pages.settings import PageSettings
from vtgdata.train.completions import COLUMNS


def page(folder: Path) -> content.Page:
    return content.make(PageSettings(path=str(folder), videos=content.NONE))


def test_a_sample_has_its_completions_by_step(tmp_path):
    write_samples(tmp_path / "samples.parquet", [make_sample(name) for name in "ab"])
    for step in (20, 3):
        rows = [
            dict.fromkeys(COLUMNS) | {"step": step, "sample_id": name, "text": f"{name} at {step}", "reward": step / 40,
                                      "advantage": 0.0, "windows": [[1.0, 2.5]]}
            for name in "ab"
        ]  # fmt: skip
        write_parquet(tmp_path / f"rl/completions/step-{step:06d}.parquet", rows, COLUMNS)
    told = {row: each["completions"] for row, each in page(tmp_path).details}
    assert told == {
        row: [[3, 0.075, [1, 2.5], f"{name} at 3"], [20, 0.5, [1, 2.5], f"{name} at 20"]]
        for row, name in enumerate("ab")
    }


def test_rows_that_filters_left_out_are_listed_with_their_reasons(tmp_path):
    write_samples(tmp_path / "samples.parquet", [make_sample("a")])
    columns = schemas.DROPS | {"sample_id": "text", "filter": "text"}
    row = {"corpus": "c", "origin": "train.txt:3", "reason": "too_short", "detail": "0.2 s", "raw": "{}",
           "sample_id": "b", "filter": "window_length:low=1"}  # fmt: skip
    write_parquet(tmp_path / "drops.parquet", [row], columns)
    facts = page(tmp_path).facts
    assert facts["drops"]["rows"] == [["c", "too_short", "0.2 s", "train.txt:3", "{}"]] and facts["notes"] == []


def test_what_each_teacher_and_the_judge_cost_is_shown(tmp_path):
    write_samples(tmp_path / "samples.parquet", [make_sample("a")])
    summary = {"teachers": [{"model": "large", "spent": 12.5}, {"model": "own", "spent": None}],
               "judge": {"model": "small", "spent": 0.25}}  # fmt: skip
    meta = Meta(command="build-coldstart", version="1", complete=True, settings={}, code="", inputs={}, outputs={},
                summary=summary, finished="2026-11-29T00:00:00+00:00")  # fmt: skip
    (tmp_path / "meta.json").write_text(json.dumps(json.loads(json_text(meta))))
    plots = [plot for section in page(tmp_path).facts["sections"] for plot in section["plots"]]
    (cost,) = [plot for plot in plots if plot["title"] == "cost by model"]
    assert [(row["label"].split(" ")[0], row["count"]) for row in cost["rows"]] == [("large", 12.5), ("small", 0.25)]
