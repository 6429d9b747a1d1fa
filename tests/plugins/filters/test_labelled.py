from support.builders import make_sample
from vtgdata.plugins.filters import labelled


def test_hidden_labels_and_rows_without_a_window_are_dropped_for_their_own_reasons() -> None:
    samples = [make_sample("a"), make_sample("b", windows=[], labelled=False), make_sample("c", windows=[])]
    assert [(each.sample_id, each.reason) for each in labelled.keep(samples, None)] == [
        ("b", "unlabelled"),
        ("c", "no_window"),
    ]
