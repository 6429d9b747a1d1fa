"""TimeLens2's rollouts, by their documented schema: imported, selected, released, exported to verl; rewards stay."""

import json
import runpy
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from support import drawn_decoder
from support.export_builders import rows
from vtgdata.errors import VtgError
from vtgdata.stages import export, import_rollouts, release, select

SPANS = [[[10.0, 15.0], [71.5, 80.0]], [[4.0, 10.0]], [[30.0, 31.5]], [[0.0, 42.0]]]
SAID = [
    ["[[9.0, 15.0], [70.0, 79.5]]", "[[10, 15]]", "I see it at 12 s", "[[71.5, 80]]", "[[10, 15], [71, 80]]",
     "[[30, 31]]", "[]", "[[10.0, 15.0]]"],
    ["[[4, 10]]", "[[2, 8]]", "[[2, 8], [8, 10]]", "[[14, 20]]", "[[0.5, 3.5]]", "[[5, 6]]", "[[3.25, 9.75]]", "[]"],
    ["[[30, 31.5]]"] * 4 + ["[[29, 33]]"] * 3 + ["nothing happens"],
    ["[[0, 42]]", "[[0, 21]]", "[[10, 12], [13, 40]]", "[[1, 2], [3, 4], [5, 6]]", "[[80, 84]]", "", "[[20, 60]]",
     "[[40.1, 41.9]]"],
]  # fmt: skip
PROMPT = """---
time: ".1f"
unit: " s"
answer: "[[{start}, {end}], ...]"
reasoning: false
---
{frames}
Task: find "{query}" and return all spans, as [[start, end], ...].
"""
SECONDS = 90.0


def published(folder: Path) -> Path:
    """Rows as FIELD2026 A7 has them: `query` is the whole prompt, and `rollouts` are texts."""
    lines: list[str] = []
    for number, (span, said) in enumerate(zip(SPANS, SAID, strict=True)):
        lines.append(
            json.dumps(
                {
                    "source": "timelens2-93k", "data_type": "grounding", "video_path": f"ab/clip{number}.mp4",
                    "duration": SECONDS, "query": f'You are given a video.\nTask: find "event {number}" and return all '
                    "time spans.", "span": span, "rollouts": said,
                }
            )
        )  # fmt: skip
        drawn_decoder.write(folder / f"videos/ab/clip{number}.mp4", int(SECONDS * 2), 2.0)
    (folder / "timelens2-93k.jsonl").write_text("".join(f"{line}\n" for line in lines))
    (folder / "timelens2_form.md").write_text(PROMPT)
    return folder / "timelens2-93k.jsonl"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The folder of a whole way from the published file to an export, and what each row of the export says."""
    folder = tmp_path_factory.mktemp("round")
    with pytest.MonkeyPatch.context() as patch:
        drawn_decoder.used(patch)
        file = published(folder)
        import_rollouts.run(
            import_rollouts.Settings(
                file=str(file), form="timelens2", measures=["union_iou"], out=str(folder / "published")
            )
        )
        select.run(
            select.Settings(
                pass_rates=str(folder / "published/pass_rates.parquet"),
                samples=str(folder / "published/samples.parquet"), selector="weight:a=0.0,b=2.0,measure=union_iou",
                size=4, prompt=str(folder / "timelens2_form.md"), preset="frames_64", out=str(folder / "pick"),
            )
        )  # fmt: skip
        release.run(
            release.Settings(
                version="1.0.0", name="published", samples=str(folder / "published/samples.parquet"),
                splits={"rl": str(folder / "pick/rows.parquet")}, out=str(folder / "release"),
            )
        )  # fmt: skip
        export.run(
            export.Settings(
                format="verl", release=str(folder / "release"), videos=str(folder / "videos"),
                frames=str(folder / "frames"), rewards={"union_iou": 1.0}, out=str(folder / "verl"),
            )
        )  # fmt: skip
        yield folder


def truths(folder: Path) -> dict[str, str]:
    """{query: what verl hands to the reward as the truth}."""
    found: dict[str, str] = {}
    for row in rows(folder / "verl/rl.parquet"):
        text: str = row["reward_model"]["ground_truth"]
        found[json.loads(text)["sample"]["query"]] = text
    return found


def by_hand(said: str, span: list[list[float]]) -> float:
    """IoU of covered time of an answer that is a list of pairs, from a grid of hundredths of a second."""
    try:
        pairs: Any = json.loads(said)
    except ValueError:
        return 0.0
    grid = np.arange(0, SECONDS, 0.01) + 0.005
    mine, theirs = (
        np.any([(start <= grid) & (grid < end) for start, end in windows] or [grid < 0], axis=0)
        for windows in (pairs, span)
    )
    return float((mine & theirs).sum() / (mine | theirs).sum())


def test_the_rewards_of_the_published_answers_are_those_that_the_import_measured(world):
    score = runpy.run_path(str(world / "verl/reward.py"))["compute_score"]
    stored = pl.read_parquet(world / "published/rollouts.parquet")
    queries = dict(pl.read_parquet(world / "published/samples.parquet").select("sample_id", "query").iter_rows())
    asked, seen = truths(world), 0
    assert set(asked) == set(queries.values()) == {f"event {number}" for number in range(4)}
    for row in stored.iter_rows(named=True):
        number = int(queries[row["sample_id"]].removeprefix("event "))
        assert row["text"] == SAID[number][row["index"]]
        made = score(
            data_source="vtg", solution_str=row["text"], ground_truth=asked[f"event {number}"],
            extra_info={"index": 0},
        )  # fmt: skip
        kept = {each["name"]: each["value"] for each in row["scores"]}
        assert made["score"] == made["union_iou"] == kept["union_iou"], "to the last bit"
        assert made["score"] == pytest.approx(by_hand(row["text"], SPANS[number]), abs=0.02)
        seen += 1
    assert seen == 32


def test_what_verl_dumps_of_such_a_training_comes_back_under_the_same_ids_with_the_same_rates(world, tmp_path):
    """As verl 0.9.1 writes a step, in another order; and what is no such answer is a drop."""
    score = runpy.run_path(str(world / "verl/reward.py"))["compute_score"]
    asked = truths(world)
    lines: list[dict[str, Any]] = []
    for number, said in enumerate(SAID):
        for text in said:
            made = score(data_source="vtg", solution_str=text, ground_truth=asked[f"event {number}"], extra_info={})
            lines.append({"input": "user\n...", "output": text, "gts": asked[f"event {number}"], "step": 3, **made})
    lines = [lines[place] for place in np.random.default_rng(7).permutation(len(lines))]
    lines += [{"input": "", "output": "[[1, 2]]", "gts": "[[3.0, 5.5]]", "score": 0.0, "step": 3}]
    lines += [{"input": "", "output": None, "gts": None, "score": 0.0, "step": 3}]
    (tmp_path / "3.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    settings = import_rollouts.Settings(
        file=str(tmp_path / "3.jsonl"), form="verl", measures=["union_iou"], out=str(tmp_path / "back")
    )
    summary = import_rollouts.run(settings)
    assert (summary.samples, summary.drops, summary.answers) == (4, 2, [8, 8])
    kept = ["sample_id", "value", "n", "measure"]
    before, after = (
        pl.read_parquet(folder / "pass_rates.parquet").select(kept).sort("sample_id")
        for folder in (world / "published", tmp_path / "back")
    )
    assert before.drop("value").equals(after.drop("value"))
    assert before["value"].to_list() == pytest.approx(after["value"].to_list(), abs=1e-15)
    mixed = [line | {"step": number % 2} for number, line in enumerate(lines[:32])]
    (tmp_path / "4.jsonl").write_text("".join(json.dumps(line) + "\n" for line in mixed))
    with pytest.raises(VtgError, match="answers of 2 steps"):
        import_rollouts.run(msgspec.structs.replace(settings, file=str(tmp_path / "4.jsonl"), out=str(tmp_path / "o")))


def test_timelens2s_own_reward_gives_its_own_numbers(world, tmp_path):
    """`twass1,tiou` of [[4, 10]]: FIELD2026 B4, as its own functions were run."""
    with pytest.MonkeyPatch.context() as patch:
        drawn_decoder.used(patch)
        export.run(
            export.Settings(
                format="verl", release=str(world / "release"), videos=str(world / "videos"),
                frames=str(world / "frames"), rewards={"twass1": 1.0, "iou_prediction_merged": 1.0},
                out=str(tmp_path / "o"),
            )
        )  # fmt: skip
    score = runpy.run_path(str(tmp_path / "o/reward.py"))["compute_score"]
    truth = truths(world)["event 1"]
    for said, right in (("[[4,10]]", 2.0), ("[[2, 8]]", 1.2165), ("[[2,8],[8,10]]", 1.5965)):
        made = score(data_source="vtg", solution_str=said, ground_truth=truth, extra_info={"index": 0})
        assert made["score"] == pytest.approx(right, abs=5e-5)
