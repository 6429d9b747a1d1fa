"""import rollouts on the published file of Time-R1."""

from support.published import published
from vtgdata.stages import import_rollouts


def test_the_published_rows_of_time_r1_have_the_mean_the_median_and_the_deciles_of_its_file(tmp_path):
    path = published("corpora/timerft/train_2k5.json")
    summary = import_rollouts.run(import_rollouts.Settings(file=str(path), form="timerft", out=str(tmp_path / "o")))
    told = summary.measures["mean_iou"]
    assert (summary.samples, summary.answers) == (2500, [1, 1])
    assert (round(told.mean, 3), round(told.median, 3)) == (0.344, 0.333)
    assert told.tenths == [179, 375, 514, 502, 399, 325, 132, 54, 15, 5]
