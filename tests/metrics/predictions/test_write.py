"""What is written in a form is read back as the same answers."""

import pytest

from support.builders import make_sample
from vtgdata.errors import VtgError
from vtgdata.metrics.predictions.join import join
from vtgdata.metrics.predictions.read import read_predictions
from vtgdata.metrics.predictions.write import Given, file_name, write_predictions

SAMPLES = [
    make_sample("nextgqa:77_1", video_id="77", windows=[(1, 4)], options=("x", "y", "z"), answer="B"),
    make_sample("nextgqa:77_2", video_id="77", query="why", windows=[(5, 9)], options=("x", "y", "z"), answer="A"),
]
GIVEN = [
    Given(SAMPLES[0], [[1.0, 3.5], [6.0, 7.0]], [0.9, 0.1], [0.5, 0.25], "from 1.0 to 3.5", "B"),
    Given(SAMPLES[1], [], [], None, None, "C"),
]


@pytest.mark.parametrize("form", ["own", "qvhighlights", "timelens", "time_r1", "nextgqa"])
def test_windows_survive_the_way_out_and_back(tmp_path, form):
    name = write_predictions(tmp_path, form, GIVEN)
    file = read_predictions(tmp_path / name)
    assert file.format == form and not file.broken
    found = join(file, SAMPLES).found["nextgqa:77_1"]
    assert found.windows is not None and found.windows[0][:2] == (1.0, 3.5)


def test_options_survive_the_way_out_and_back(tmp_path):
    file = read_predictions(tmp_path / write_predictions(tmp_path, "nextgqa_answers", GIVEN))
    assert {key: p.option for key, p in join(file, SAMPLES).found.items()} == {"nextgqa:77_1": "B", "nextgqa:77_2": "C"}


def test_windows_without_scores_get_falling_ones_where_the_form_needs_them(tmp_path):
    given = [Given(make_sample("qvhighlights:7"), [[1.0, 2.0], [3.0, 4.0]], None, None, None, None)]
    found = read_predictions(tmp_path / write_predictions(tmp_path, "qvhighlights", given)).predictions[0]
    assert found.windows == ((1.0, 2.0, 1.0), (3.0, 4.0, 0.5))


def test_an_unknown_form_says_which_there_are():
    with pytest.raises(VtgError, match="timelens"):
        file_name("time_lens")
