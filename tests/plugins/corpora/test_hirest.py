import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.published import ingested, published
from vtgdata.annotations.normalise import normalise
from vtgdata.errors import VtgError
from vtgdata.plugins.corpora import hirest
from vtgdata.records import RawRow, Sample

STEP = {"index": 0, "heading": "remove dead wood", "absolute_bounds": [41, 77]}


def pair(**changed: Any) -> dict[str, Any]:
    return {"relevant": True, "clip": True, "v_duration": 312.4, "bounds": [41, 198], "steps": []} | changed


def read(folder: Path, *pairs: dict[str, Any], name: str = "all_data_train.json") -> list[RawRow]:
    videos = {f"0123456789{i}.mp4": each for i, each in enumerate((pair(), *pairs))}
    (folder / name).write_text(json.dumps({"Prune a Rose Bush": videos}))
    return list(hirest.read([folder / name], None))[1:]


def test_a_pair_and_each_of_its_steps_are_rows(tmp_path: Path) -> None:
    whole, step = read(tmp_path, pair(steps=[STEP]))
    assert (whole.query, whole.windows, whole.extra["kind"]) == ("Prune a Rose Bush", [(41.0, 198.0)], "moment")
    assert (step.query, step.windows, step.extra["kind"]) == ("remove dead wood", [(41.0, 77.0)], "step")
    assert step.extra["prompt"] == "Prune a Rose Bush"
    assert (step.video_id, step.file, step.duration) == ("01234567891", "01234567891.mp4", 312.4)
    assert step.origin == "all_data_train.json#Prune a Rose Bush/01234567891.mp4/steps/0"


def test_a_pair_without_a_clip_is_dropped_because_no_moment_was_annotated(tmp_path: Path) -> None:
    (row,) = read(tmp_path, pair(clip=False, bounds=[0, 0]))
    assert row.problem is not None and row.problem[0] == "no_moment_annotated"


def test_the_steps_of_a_pair_without_a_clip_are_still_rows(tmp_path: Path) -> None:
    dropped, step = read(tmp_path, pair(clip=False, bounds=[0, 0], steps=[STEP]))
    assert dropped.problem is not None and step.problem is None


@pytest.mark.parametrize("name", ["all_data_test.json", "all_data_train.json"])
def test_the_placeholder_of_hidden_labels_is_never_a_window_whatever_the_file_is_called(
    name: str, tmp_path: Path
) -> None:
    for row in read(tmp_path, pair(bounds=[0, 1]), pair(bounds=[0, 1], clip=False), name=name):
        (outcome,) = normalise([row], hirest.CORPUS)
        assert isinstance(outcome, Sample)
        assert (outcome.labelled, outcome.windows) == (False, ())


def test_a_pair_whose_first_second_is_annotated_with_steps_is_labelled(tmp_path: Path) -> None:
    whole, _ = read(tmp_path, pair(bounds=[0, 1], steps=[STEP | {"absolute_bounds": [0, 1]}]))
    assert whole.labelled


@pytest.mark.parametrize("wrong", [{"bounds": [1]}, {"bounds": None}, {"steps": None}, {"clip": "yes"}])
def test_a_pair_of_another_form_is_one_unreadable_row(wrong: dict[str, Any], tmp_path: Path) -> None:
    (row,) = read(tmp_path, pair(**wrong))
    assert row.problem is not None and row.problem[0] == "unreadable_row"


def test_a_file_of_pairs_without_clips_alone_is_read(tmp_path: Path) -> None:
    (tmp_path / "all_data_val.json").write_text(
        json.dumps({"Fold a Kite": {"0123456789a.mp4": pair(clip=False, bounds=[0, 0])}})
    )
    (row,) = hirest.read([tmp_path], None)
    assert row.problem is not None and row.problem[0] == "no_moment_annotated"


def test_a_list_is_no_file_of_hirest(tmp_path: Path) -> None:
    (tmp_path / "all_data_val.json").write_text("[1]")
    with pytest.raises(VtgError, match=r"all_data_val\.json"):
        list(hirest.read([tmp_path], None))


@pytest.mark.parametrize("name", ["train", "val", "test"])
def test_a_published_file_gives_the_counts_of_its_raw_text(name: str) -> None:
    path = published("corpora", "hirest", f"all_data_{name}.json")
    pairs = [
        (prompt, key, each)
        for prompt, videos in json.loads(path.read_text(encoding="utf-8")).items()
        for key, each in videos.items()
    ]
    steps = [step for *_, each in pairs for step in each["steps"]]
    hidden = sum(each["bounds"] == [0, 1] for *_, each in pairs)
    without = [each for *_, each in pairs if not each["clip"] and each["bounds"] == [0, 0]]
    points = sum(each["clip"] and each["bounds"][0] == each["bounds"][1] for *_, each in pairs)
    step_points = sum(step["absolute_bounds"][0] == step["absolute_bounds"][1] for step in steps)
    fractions = sum(any(bound % 1 for bound in each["bounds"]) for *_, each in pairs)
    clips, with_steps = sum(each["clip"] for *_, each in pairs), sum(bool(each["steps"]) for *_, each in pairs)
    assert (clips, with_steps) == {"train": (865, 550), "val": (193, 78), "test": (776, 0)}[name]
    known = {
        "train": (1_507, 546, 4_145, 0, 642, 1, 15, 2),
        "val": (477, 292, 606, 0, 284, 0, 3, 0),
        "test": (1_391, 546, 0, 1_391, 0, 0, 0, 0),
    }
    prompts = len({prompt for prompt, *_ in pairs})
    assert (len(pairs), prompts, len(steps), hidden, len(without), points, step_points, fractions) == known[name]

    found = ingested("hirest", [path])
    assert len(found.rows) == len(pairs) + len(steps)
    reasons = {"no_moment_annotated": len(without), "zero_length": points + step_points}
    assert found.reasons == {reason: n for reason, n in reasons.items() if n}

    dropped = {each.origin for each in found.drops}
    kept = [row.query for row in found.rows if row.origin not in dropped]
    assert found.repairs.get("query_blanks", 0) == sum(query != " ".join(query.split()) for query in kept)
    assert found.repairs.get("placeholder_window", 0) == hidden
    assert sum(not sample.labelled for sample in found.samples) == hidden
    assert not any(sample.windows for sample in found.samples if not sample.labelled)
    assert set(found.repairs) <= {"query_blanks", "query_dots", "query_mojibake", "placeholder_window", *REPEATS}
    assert Counter(sample.extra["kind"] for sample in found.samples) == {
        kind: n
        for kind, n in (
            ("moment", len(pairs) - len(without) - points),
            ("step", len(steps) - step_points),
        )
        if n
    }
    (split,) = (split for split in hirest.CORPUS.splits if split.name == name)
    assert (split.rows, split.videos) == (len(found.rows), len({key for _, key, _ in pairs}))
    assert len({sample.sample_id for sample in found.samples}) == len(found.samples)


REPEATS = {"query_ambiguous", "duplicate", "duplicate_but_for_case_and_blanks"}
