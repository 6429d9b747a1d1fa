"""What every form of predictions shares: times are read by the one table of forms, ids and videos in any spelling."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.builders import make_sample
from vtgdata.metrics.predictions.join import Joined, join
from vtgdata.metrics.predictions.read import read_predictions
from vtgdata.records import Sample
from vtgdata.records.times import FORMS, parse_time

TIMES = [written for form in FORMS for written in form.split(" or ")]
END = 4000.0


def asked(sample_id: str = "t:412", **more: Any) -> Sample:
    return make_sample(sample_id, query="a dog runs", windows=[(11, 21)], **({"video_id": "K7QZ1"} | more))


def ego4d(number: Any, times: Any) -> dict[str, Any]:
    return {"results": [{"clip_uid": "c", "annotation_uid": "a", "query_idx": number, "predicted_times": times}]}


ANSWERS = {
    "own": lambda qid, pair: {"sample_id": f"t:{qid}", "windows": [pair]},
    "qvhighlights": lambda qid, pair: {"qid": qid, "pred_relevant_windows": [[*pair, 0.5]]},
    "time_r1": lambda qid, pair: {"qid": qid, "pred": pair},
    "rows": lambda qid, pair: {"qid": qid, "windows": [pair]},
    "rows, objects": lambda qid, pair: {"id": qid, "predictions": [{"start": pair[0], "end": pair[1]}]},
    "rows, two keys": lambda qid, pair: {"question_id": qid, "pred_start": pair[0], "pred_end": pair[1]},
}
"""Lines of a file in each form that names a sample by its id: (id, [start, end]) -> record."""


def joined(folder: Path, content: Any, samples: list[Sample], name: str = "said.jsonl") -> Joined:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return join(read_predictions(path), samples)


def pairs(found: Joined) -> dict[str, list[tuple[float, ...]]]:
    return {sample_id: [window[:2] for window in each.windows or ()] for sample_id, each in found.found.items()}


@pytest.mark.parametrize("written", TIMES)
@pytest.mark.parametrize("form", ANSWERS)
def test_a_bound_in_any_form_of_the_table_is_seconds(form: str, written: str, tmp_path: Path) -> None:
    found = joined(tmp_path, ANSWERS[form](412, [written, END]), [asked()])
    assert pairs(found) == {"t:412": [(parse_time(written), END)]}


@pytest.mark.parametrize("written", TIMES)
def test_so_is_one_in_a_mapping_a_challenge_or_a_table(written: str, tmp_path: Path) -> None:
    wanted = [(parse_time(written), END)]
    timelens = {"K7QZ1.mp4>>>a dog runs>>>[11, 21]": {"timestamps": [[written, END]]}}
    assert pairs(joined(tmp_path, timelens, [asked()])) == {"t:412": wanted}
    assert pairs(joined(tmp_path, {"K7QZ1_0": [written, END]}, [asked("t:K7QZ1_0")])) == {"t:K7QZ1_0": wanted}
    assert pairs(joined(tmp_path, ego4d(0, [[written, END]]), [asked("t:a_0")])) == {"t:a_0": wanted}
    table = f'qid,start,end\n412,"{written}",{END}\n'
    assert pairs(joined(tmp_path, table, [asked()], "said.csv")) == {"t:412": wanted}
    cell = f"qid\twindows\n412\t[['{written}', {END}]]\n"
    assert pairs(joined(tmp_path, cell, [asked()], "said.tsv")) == {"t:412": wanted}


@pytest.mark.parametrize("form", ANSWERS)
def test_a_share_is_no_time_unless_the_user_says_so(form: str, tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    lines = [json.dumps(ANSWERS[form](412, pair)) for pair in (["20%", "40%"], [1, 2])]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert [broken.detail for broken in read_predictions(path).broken] != []


@pytest.mark.parametrize("qid", [412.0, "412.0", 412, "412"])
@pytest.mark.parametrize("form", ANSWERS)
def test_an_id_that_pandas_made_a_float_is_the_number_that_it_was(form: str, qid: Any, tmp_path: Path) -> None:
    assert pairs(joined(tmp_path, ANSWERS[form](qid, [1, 2]), [asked()])) == {"t:412": [(1, 2)]}
    assert pairs(joined(tmp_path, ANSWERS[form](qid, [1, 2]), [asked("t:412.0")])) == {"t:412.0": [(1, 2)]}


def test_so_is_one_in_a_mapping_a_challenge_or_a_csv(tmp_path: Path) -> None:
    assert pairs(joined(tmp_path, {"412.0": [[1, 2]]}, [asked()])) == {"t:412": [(1, 2)]}
    assert pairs(joined(tmp_path, ego4d(3.0, [[1, 2]]), [asked("t:a_3")])) == {"t:a_3": [(1, 2)]}
    table = "qid,start,end\n412.0,1,2\n"
    assert pairs(joined(tmp_path, table, [asked()], "said.csv")) == {"t:412": [(1, 2)]}


@pytest.mark.parametrize(
    "link",
    [
        "https://www.youtube.com/watch?v=aB3_dE-6hIj", "https://youtu.be/aB3_dE-6hIj?t=4",
        "https://www.youtube.com/shorts/aB3_dE-6hIj?feature=share", "youtube.com/embed/aB3_dE-6hIj",
        "https://m.youtube.com/watch?list=PL1&v=aB3_dE-6hIj&t=3", "v_aB3_dE-6hIj", "clips/aB3_dE-6hIj.mp4",
    ],
)  # fmt: skip
@pytest.mark.parametrize("named", ["aB3_dE-6hIj", "v_aB3_dE-6hIj"])
def test_a_video_is_found_under_its_link_and_its_id(link: str, named: str, tmp_path: Path) -> None:
    row = {"video": link, "query": "a dog runs", "windows": [[1, 2]]}
    assert pairs(joined(tmp_path, row, [asked(video_id=named)])) == {"t:412": [(1, 2)]}
    results = {"results": {link: [{"sentence": "a dog runs", "timestamp": [1, 2]}]}}
    assert pairs(joined(tmp_path, results, [asked(video_id=named)])) == {"t:412": [(1, 2)]}
    key = {f"{link}>>>a dog runs>>>[11, 21]": {"timestamps": [[1, 2]]}}
    assert pairs(joined(tmp_path, key, [asked(video_id=named)])) == {"t:412": [(1, 2)]}


def test_an_answer_to_a_video_of_the_same_name_in_another_folder_is_none_to_this_one(tmp_path: Path) -> None:
    two = [asked(f"t:{place}", video_id=f"{place}/0001") for place in ("train", "test")]
    row = {"video": "data/test/0001.mp4", "query": "a dog runs", "windows": [[1, 2]]}
    assert pairs(joined(tmp_path, row, two)) == {"t:test": [(1, 2)]}
    assert pairs(joined(tmp_path, row | {"video": "val/0001.mp4"}, two)) == {}
    assert pairs(joined(tmp_path, row | {"video": "elsewhere/0001.mp4"}, [asked(video_id="0001")])) == {
        "t:412": [(1, 2)]
    }
    key = {"test/0001.mp4>>>a dog runs>>>[11, 21]": {"timestamps": [[1, 2]]}}
    assert pairs(joined(tmp_path, key, two)) == {"t:test": [(1, 2)]}
