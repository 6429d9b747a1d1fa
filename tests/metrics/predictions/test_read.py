"""Each form of predictions as its systems write it: told apart, read, joined to the samples it answers."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.files.parquet import write_parquet
from vtgdata.metrics.predictions.join import join
from vtgdata.metrics.predictions.read import read_predictions

OWN = '{"sample_id": "test:1", "windows": [[1, 2.5]], "text": "so"}'
QVHIGHLIGHTS = (
    '{"qid": 412, "query": "q", "vid": "v", "pred_relevant_windows": [[10.0, 24.0, 0.91], [38.0, 46.0, 0.4]],'
    ' "pred_saliency_scores": [-0.2, 0.4]}'
)
TIMELENS = '{"v1.mp4>>>a >>> dog>>>[3.0, 9.5]": {"timestamps": [[2.0, 9.0]], "answers": "in 2.0 - 9.0 seconds."}}'
TIME_R1 = '{"qid": "my|cosmo|v|A kite falls.", "pred": [10.0, 18.0], "target": [12.0, 20.0], "output_text": "x"}'
GROUNDING = '{"5550001111_3": [1.0, 6.2], "5550001111_4": [0.0, 3.0]}'
ANSWERS = '{"5550001111_3": {"prediction": 1, "answer": 1}}'


def read(tmp_path: Path, content: str, form: str = "", name: str = "p.jsonl"):
    path = tmp_path / name
    path.write_text(content)
    return read_predictions(path, form)


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (OWN, "own"),
        (QVHIGHLIGHTS, "qvhighlights"),
        (TIMELENS, "timelens"),
        (TIME_R1, "time_r1"),
        (GROUNDING, "nextgqa"),
        (ANSWERS, "nextgqa"),
        (json.dumps(json.loads(GROUNDING), indent=1), "nextgqa"),
        (json.dumps([json.loads(OWN), json.loads(OWN)]), "own"),
        ("not json\n" + QVHIGHLIGHTS, "qvhighlights"),
    ],
)
def test_a_form_is_told_by_the_file(tmp_path, content, form):
    assert read(tmp_path, content).format == form


def test_what_each_form_says(tmp_path):
    own = read(tmp_path, OWN).predictions[0]
    assert (own.keys, own.windows, own.text, own.ranked) == (("test:1",), ((1.0, 2.5),), "so", False)
    qvh = read(tmp_path, QVHIGHLIGHTS).predictions[0]
    assert (qvh.keys, qvh.windows, qvh.saliency) == (("412",), ((10, 24, 0.91), (38, 46, 0.4)), (-0.2, 0.4))
    assert qvh.ranked
    lens = read(tmp_path, TIMELENS).predictions[0]
    assert lens.keys == ("v1>>>a >>> dog>>>3.000-9.500", "v1>>>a >>> dog")
    assert (lens.windows, lens.text) == (((2.0, 9.0),), "in 2.0 - 9.0 seconds.")
    one = read(tmp_path, TIME_R1).predictions[0]
    assert (one.keys, one.windows, one.text) == (("my|cosmo|v|A kite falls.",), ((10.0, 18.0),), "x")
    assert read(tmp_path, TIME_R1.replace("[10.0, 18.0]", "null")).predictions[0].windows is None
    spans = read(tmp_path, GROUNDING).predictions
    assert [(p.keys, p.windows) for p in spans] == [
        (("5550001111_3",), ((1.0, 6.2),)),
        (("5550001111_4",), ((0.0, 3.0),)),
    ]
    assert read(tmp_path, GROUNDING, "nextgqa_relative").predictions[0].unit == "fraction"
    assert read(tmp_path, ANSWERS).predictions[0].option == "B"


def test_our_own_rollouts_are_read_without_their_blind_controls(tmp_path):
    rows = [
        {"sample_id": "test:1", "text": "1 to 2", "seeing": seeing} for seeing in ("sighted", "blind", "other_query")
    ]
    write_parquet(tmp_path / "r.parquet", rows, {"sample_id": "text", "text": "text", "seeing": "text"})
    found = read_predictions(tmp_path / "r.parquet")
    assert (found.format, len(found.predictions), found.set_aside) == ("own", 1, 2)


def test_a_window_of_nan_is_read_however_it_is_written(tmp_path):
    for written in ("NaN", "null", '"nan"'):
        found = read(tmp_path, f'{{"sample_id": "a", "windows": [[{written}, 5]]}}').predictions[0].windows
        assert found is not None and math.isnan(found[0][0]) and found[0][1] == 5


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("{", "not valid JSON"),
        ("5", "not an object"),
        ('{"sample_id": 5}', "sample_id"),
        ('{"sample_id": "a", "windows": [[5]]}', "windows"),
        ('{"sample_id": "a", "windows": [[1, 2], [1, 2, 3]]}', "score"),
        ('{"sample_id": "a", "windows": [[1, true]]}', "number"),
        ('{"sample_id": "a", "sample_id": "b"}', "twice"),
        ("[" * 100_000, "JSON"),
        (r'{"sample_id": "a\ud800", "windows": [[1, 2]]}', "surrogates"),
        ('{"sample_id": "a", "windows": [[1, ' + "9" * 5000 + "]]}", "JSON"),
    ],
)
def test_a_broken_row_is_kept_apart_and_named(tmp_path, line, word):
    found = read(tmp_path, f"{OWN}\n\n{line}\n")
    assert len(found.predictions) == 1
    assert [row.where for row in found.broken] == [f"{tmp_path / 'p.jsonl'}:3"]
    assert word in found.broken[0].detail


@pytest.mark.parametrize(
    ("content", "form", "words"),
    [
        ("", "", ["empty", "no prediction"]),
        (" \n", "", ["empty"]),
        ("not json\nnor this\n", "", ["p.jsonl:1", "2 such rows", "--format"]),
        ('{"windows": []}', "", ["sample_id"]),
        (OWN, "qvhighlights", ["pred_relevant_windows"]),
        (OWN, "qvhighlight", ["qvhighlights"]),
        ("<!DOCTYPE html><html>", "", ["HTML"]),
    ],
)
def test_a_file_without_a_readable_row_is_an_error_that_says_what_to_do(tmp_path, content, form, words):
    with pytest.raises(VtgError) as caught:
        read(tmp_path, content, form)
    assert all(word in str(caught.value) for word in words), caught.value


def test_a_missing_file_is_named():
    with pytest.raises(VtgError, match=r"nowhere\.jsonl"):
        read_predictions("nowhere.jsonl")


def test_a_key_twice_in_one_document_is_two_answers_of_which_the_first_counts(tmp_path):
    found = read(tmp_path, '{"v1_3": [1, 2], "v1_3": [5, 6], "v9_9": [1, 2], "v9_9": [1, 2]}')
    joined = join(found, [make_sample("nextgqa:v1_3")])
    assert joined.found["nextgqa:v1_3"].windows == ((1.0, 2.0),)
    assert len(joined.duplicates) == 2 and len(joined.extra) == 1


def test_a_published_id_is_what_stands_after_the_corpus(tmp_path):
    qvh = join(read(tmp_path, QVHIGHLIGHTS), [make_sample("qvhighlights:412"), make_sample("qvhighlights:41")])
    assert list(qvh.found) == ["qvhighlights:412"]
    one = join(read(tmp_path, TIME_R1), [make_sample("timerft:my|cosmo|v|A kite falls.")])
    assert len(one.found) == 1


def test_an_id_that_two_corpora_share_is_refused(tmp_path):
    with pytest.raises(VtgError, match="several samples"):
        join(read(tmp_path, QVHIGHLIGHTS), [make_sample("qvhighlights:412"), make_sample("charades:412")])


def test_timelens_joins_by_video_query_and_window_and_duplicates_keep_their_rows(tmp_path):
    alike = [make_sample(str(i), video_id="v1", query="A  >>> dog.", windows=[(3, 9.5)]) for i in range(2)]
    other = make_sample("other", video_id="v1", query="a cat", windows=[(3, 9.5)])
    twice = make_sample("twice", video_id="v1", query="a >>> dog", windows=[(20, 25)])
    assert set(join(read(tmp_path, TIMELENS), [*alike, other, twice]).found) == {"0", "1"}


def test_a_timelens_window_that_was_repaired_is_found_by_its_query(tmp_path):
    repaired = make_sample("r", video_id="v1", query="a >>> dog", windows=[(3, 9.0)])
    assert set(join(read(tmp_path, TIMELENS), [repaired]).found) == {"r"}


names = st.sampled_from(
    ["sample_id", "windows", "text", "qid", "pred", "pred_relevant_windows", "pred_saliency_scores", "a>>>b>>>[1, 2]",
     "timestamps", "answers", "v_1", "prediction", "option", "seeing"]
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(values.map(json.dumps) | st.text(max_size=20), max_size=4))
@example(["\x1f"])  # a blank to text and none to bytes
def test_any_file_is_read_or_refused_in_words(tmp_path, lines):
    try:
        found = read(tmp_path, "\n".join(lines).encode("utf-8", "replace").decode())
    except VtgError:
        return
    assert found.predictions and all(p.keys and p.where for p in found.predictions)
    joined = join(found, [make_sample("a", video_id="a", query="b")])
    assert len(joined.found) <= 1
