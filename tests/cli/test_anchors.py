"""Published numbers at the terminal: listed, and beside a score."""

import contextlib
import io
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from vtgdata.cli import anchors, commands
from vtgdata.metrics import anchors as published
from vtgdata.metrics.neighbours import Neighbour, Neighbours, Ours
from vtgdata.stages import evaluate, ingest

BENCHMARKS = sorted(published.ours().benchmarks)


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch) -> Callable[..., str]:
    """What the command prints on a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")

    def listed(*arguments: Any) -> str:
        with contextlib.redirect_stdout(Screen()) as found:
            anchors.anchors(*arguments)
        return found.getvalue()

    return listed


@pytest.mark.parametrize("name", ["", *BENCHMARKS])
@pytest.mark.parametrize("everything", [False, True])
def test_a_list_fits_80_columns_and_has_every_number(screen, name, everything):
    said = screen(name, everything)
    lines = said.splitlines()
    assert max(map(len, lines)) <= 80 or all("https://" in line for line in lines if len(line) > 80)
    if name:
        listed = published.ours().of(name, second_hand=everything)
        cells = [text for line in lines for text in line.split()]
        assert all(anchors._as_published(anchor.value) in cells for anchor in listed)
        left_out = len(published.ours().of(name, second_hand=True)) - len(listed)
        assert (f"{left_out} second-hand" in said) == (left_out > 0)


def test_disagreeing_sources_stand_side_by_side(screen):
    lines = screen("charades", True).splitlines()
    rows = [i for i, line in enumerate(lines) if line.startswith("Qwen3-VL-8B ")]
    assert len(rows) == 3 and rows[-1] - rows[0] == 2
    assert "published with several values: Qwen3-VL-8B, mIoU 42.9, 47.2, 48.3" in lines


def test_json_has_the_same_numbers_as_fractions(capsys):
    anchors.anchors("timelens_bench", as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["charades", "activitynet", "qvhighlights"]
    first = found["charades"]["anchors"][0]
    assert (first["value"], first["published"], first["unit"]) == (0.393, 39.3, "percent")
    assert first["link"].startswith("https://") and first["setting"]["fps"] == 2
    assert all(a["confidence"] != "second-hand" for one in found.values() for a in one["anchors"])


def test_no_text_of_the_file_is_cut(screen):
    said = " ".join(screen("charades", True).split())
    for anchor in published.ours().of("charades", second_hand=True):
        assert anchor.title in said and anchor.link in said


RAW = {
    "timelens": (
        "timelens_bench",
        {"charades-timelens.json": '{"K7QZ2": {"duration": 30.0, "spans": [[3, 9]], "queries": ["a person sneezes"]}}'},
        "InternVL3.5-8B",
    ),
    "original": (
        "charades_sta",
        {"charades_sta_test.txt": "K7QZ2 3.4 11.0##a person sneezes.\n", "durations.json": '{"K7QZ2": 30.0}'},
        "TimeLens-8B",
    ),
}
"""{version of the labels: corpus, its raw files, and a model that was scored on other labels}."""


@pytest.mark.parametrize("version", RAW)
def test_evaluate_prints_numbers_of_its_labels_with_what_differs(tmp_path, capsys, version):
    corpus, files, other = RAW[version]
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    raw, samples = [str(tmp_path / name) for name in files], str(tmp_path / "s/samples.parquet")
    ingest.run(ingest.Settings(corpus=corpus, paths=raw, out=str(tmp_path / "s")))
    asked = evaluate.Settings(samples=samples, model=[f"scripted:{samples}"], out=str(tmp_path / "score"))
    summary = evaluate.run(asked)
    capsys.readouterr()
    commands.printer("evaluate", summary)(summary)
    said = capsys.readouterr().out
    assert f"published on the same labels: charades, labels {version}" in said
    assert "differs from here:" in said and f"here: {'...' + asked.model[0][-37:]}" in said and other not in said
    (block,) = json.loads((tmp_path / "score/evaluation.json").read_text())["published"]
    assert (block["label_version"], block["benchmark"]) == (version, "charades") and block["published"]


def test_why_nothing_stands_beside_is_one_line(capsys):
    nothing = Neighbours(
        corpus="mine", split="test", label_version="original", n=3, benchmark="", why="none is known of mine test",
        rows=None, part="", ours=[], published=[], second_hand=0,
    )  # fmt: skip
    anchors.show([nothing])
    assert capsys.readouterr().out.splitlines() == [
        "no published numbers beside mine test, labels original: none is known of mine test"
    ]


def test_two_values_of_one_setting_are_two_rows(capsys):
    one = Neighbour(
        model="M", metric="mIoU", value=0.4, source="S", link="", confidence="page", setting={}, differs=["model"],
        not_stated=[],
    )  # fmt: skip
    two = Neighbours(
        corpus="c", split="test", label_version="original", n=3, benchmark="b", why="", rows=3, part="",
        ours=[Ours(model="m", metrics={"mIoU": 0.5})], published=[one, msgspec.structs.replace(one, value=0.3)],
        second_hand=0,
    )  # fmt: skip
    anchors.show([two])
    said = [" ".join(text.split()) for text in capsys.readouterr().out.splitlines()]
    assert "M 40.0 a 1" in said and "M 30.0 a 1" in said
    assert "published with several values: M, mIoU 30.0, 40.0" in said
