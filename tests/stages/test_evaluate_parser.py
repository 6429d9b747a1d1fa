"""evaluate --parser: the same answers as another system would read them, from files and from models."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.files import plugins
from vtgdata.files.parquet import read_parquet
from vtgdata.files.samples import write_samples
from vtgdata.stages import evaluate

SAID = {
    # Ours reads a clock time; Time-R1 takes the last two numbers with `to` between, TVG-R1 the first two numbers.
    "t:clock": "<think>It is late.</think><answer>01:05 to 01:20</answer>",
    # A draft in the reasoning is an answer to TimeLens alone.
    "t:draft": "<think>Perhaps 10 - 20.</think><answer>3.0 to 9.0</answer>",
    "t:outside": "<answer>190.0 to 200.0</answer>",
    "t:past_the_end": "<answer>50.0 to 130.0</answer>",
}
TRUE = {
    "t:clock": (65.0, 80.0), "t:draft": (3.0, 9.0), "t:outside": (10.0, 20.0), "t:past_the_end": (50.0, 90.0),
}  # fmt: skip


@pytest.fixture
def samples(tmp_path: Path) -> str:
    rows = [make_sample(name, video_id=name, windows=[window], duration=100.0) for name, window in TRUE.items()]
    write_samples(tmp_path / "samples.parquet", rows)
    return str(tmp_path / "samples.parquet")


def written(tmp_path: Path, name: str) -> str:
    rows = [{"sample_id": key, "text": text} for key, text in SAID.items()]
    (tmp_path / name).write_text("\n".join(json.dumps(row) for row in rows))
    return str(tmp_path / name)


def score(tmp_path: Path, samples: str, **settings: Any) -> dict[str, Any]:
    given = {"predictions": written(tmp_path, "said.jsonl")} | settings
    return evaluate.run(evaluate.Settings(samples=samples, out=str(tmp_path / "out"), **given))


def ious(tmp_path: Path) -> dict[str, float]:
    return {row["sample_id"]: round(row["iou"], 3) for row in read_parquet(tmp_path / "out/rollouts.parquet")}


IOUS = {
    "": {"t:clock": 1.0, "t:draft": 1.0, "t:outside": 0.0, "t:past_the_end": 0.5},
    # 01:05 to 01:20 is (5.0, 1.0): reversed, so no window.
    "time_r1": {"t:clock": 0.0, "t:draft": 1.0, "t:outside": 0.0, "t:past_the_end": 0.5},
    # (1.0, 5.0)
    "tvg_r1": {"t:clock": 0.0, "t:draft": 0.0, "t:outside": 0.0, "t:past_the_end": 0.5},
    "timelens": {"t:clock": 0.0, "t:draft": 0.0, "t:outside": 0.0, "t:past_the_end": 0.5},
}


@pytest.mark.parametrize("parser", IOUS)
def test_each_parser_scores_what_it_reads_and_the_report_names_it(samples, tmp_path, parser):
    found = score(tmp_path, samples, parser=parser)
    assert ious(tmp_path) == IOUS[parser]
    assert found.metrics["mIoU"] == pytest.approx(sum(IOUS[parser].values()) / 4)
    assert found.parser == (parser or "vtgdata")
    assert json.loads((tmp_path / "out/evaluation.json").read_text())["parser"] == found.parser


@pytest.mark.parametrize("parser", ["", *plugins.names("other_parsers"), "lmms_eval:task=timelens"])
def test_a_model_s_answers_are_read_as_those_of_a_file_are(samples, tmp_path, parser):
    (tmp_path / "texts.json").write_text(json.dumps({name: [text] for name, text in SAID.items()}))
    settings = {"parser": parser, "metrics": "moments,giou,format"}
    by_file = score(tmp_path, samples, **settings)
    rows = [(row["windows"], row["parse_status"]) for row in read_parquet(tmp_path / "out/rollouts.parquet")]
    model = f"support.said:{tmp_path / 'texts.json'}"
    by_model = evaluate.run(evaluate.Settings(samples=samples, model=[model], out=str(tmp_path / "asked"), **settings))
    same = ("metrics", "strict_metrics", "intervals", "n_unparsed", "parse_status", "parser", "baselines")
    assert {name: getattr(by_model, name) for name in same} == {name: getattr(by_file, name) for name in same}
    asked = read_parquet(tmp_path / "asked/rollouts.parquet")
    assert [(row["windows"], row["parse_status"]) for row in asked] == rows
    # The stored scores are those of this reading, and not of ours.
    for row in asked:
        stored = {score["name"]: score["value"] for score in row["scores"]}
        assert stored["tiou"] == row["iou"] and {"giou", "format"} <= stored.keys()


def test_what_another_parser_gives_that_is_no_window_is_named_and_scores_0(samples, tmp_path):
    found = score(tmp_path, samples, parser="time_r1")
    assert found.parse_status == {"ok": 2, "out_of_range": 1, "reversed": 1} and found.n_unparsed == 2
    # A window that ends after the video is read as said.
    rows = {row["sample_id"]: row["windows"] for row in read_parquet(tmp_path / "out/rollouts.parquet")}
    assert rows["t:past_the_end"] == [[50.0, 130.0]] and rows["t:clock"] == []


def test_the_asked_form_is_about_the_text_whichever_parser_reads_it(samples, tmp_path):
    read = [score(tmp_path, samples, parser=parser, metrics="format").metrics["format"] for parser in ("", "time_r1")]
    assert read[0] == read[1] == 0.25


def test_the_file_of_against_is_read_by_the_same_parser(samples, tmp_path):
    found = score(tmp_path, samples, parser="time_r1", against=written(tmp_path, "other.jsonl"))
    differences = found.models[0].against["differences"]
    assert differences["mIoU"]["difference"] == 0.0 and found.models[0].against["metrics"] == found.metrics


def test_other_people_s_parser_is_a_dotted_path_and_what_it_gives_is_checked_as_ours_is(samples, tmp_path, monkeypatch):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/parser.py").write_text(
        "def read(text, duration):\n    return ((float('nan'), 3.0), (duration / 2, duration))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    found = score(tmp_path, samples, parser="theirs.parser")
    assert found.parser == "theirs.parser" and found.parse_status == {"ok": 4}
    assert {tuple(*row["windows"]) for row in read_parquet(tmp_path / "out/rollouts.parquet")} == {(50.0, 100.0)}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (['{"sample_id": "t:clock", "windows": [[1, 2]]}'], "p.jsonl:1 has windows alone"),
        (['{"sample_id": "t:clock", "text": "1 to 2"}', '{"sample_id": "t:draft", "windows": []}'], "1 of 2"),
        (['{"sample_id": "t:clock"}'], "it has no text at all"),
    ],
)
def test_a_file_without_texts_cannot_be_read_by_a_parser(samples, tmp_path, lines, words):
    path = tmp_path / "p.jsonl"
    path.write_text("\n".join(lines))
    with pytest.raises(VtgError, match="--parser time_r1 reads the texts") as raised:
        score(tmp_path, samples, parser="time_r1", predictions=str(path))
    assert words in str(raised.value) and not (tmp_path / "out").exists()


def test_windows_alone_are_read_by_no_parser_and_the_report_says_so(samples, tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text("\n".join(json.dumps({"sample_id": name, "windows": [w]}) for name, w in TRUE.items()))
    assert score(tmp_path, samples, predictions=str(path)).parser is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"parser": "time_r2"}, "did you mean 'time_r1'"),
        ({"parser": "time_r1:task=x"}, "unknown setting 'task'"),
        ({"parser": "time_r1", "prefer": "windows"}, "leave out one"),
    ],
)
def test_a_parser_that_cannot_be_meant_is_refused(samples, tmp_path, settings, words):
    with pytest.raises(VtgError, match=words):
        score(tmp_path, samples, **settings)
    assert not (tmp_path / "out").exists()


def test_scores_see_the_windows_of_a_file_that_are_windows_of_the_video(samples, tmp_path):
    """A window before the first frame or after the last is measured by mIoU as it is; a score looks at none."""
    path = tmp_path / "p.jsonl"
    said = {"t:clock": [-5, 80], "t:draft": [-1e-9, 9], "t:outside": [100, 101], "t:past_the_end": [50, 130]}
    path.write_text("\n".join(json.dumps({"sample_id": name, "windows": [w]}) for name, w in said.items()))
    found = score(tmp_path, samples, predictions=str(path), metrics="tiou,giou")
    assert found.metrics["tiou"] == pytest.approx((0 + 6 / 9 + 0 + 0.5) / 4)
    assert found.metrics["mIoU"] == pytest.approx((15 / 85 + 6 / 9 + 0 + 0.5) / 4)
    stored = [{s["name"]: s["value"] for s in r["scores"]} for r in read_parquet(tmp_path / "out/rollouts.parquet")]
    assert [row["giou"] for row in stored][::2] == [0.0, 0.0]
