import pytest

from vtgdata.metrics.agreement import kappa, measure


def test_windows_of_two_people_are_compared_as_sets():
    found = measure(
        [(True, True), (True, False), (False, False)],
        [([[0.0, 10.0]], [[0.0, 10.0]]), ([[0.0, 10.0]], [[5.0, 10.0]]), ([[0.0, 4.0], [6.0, 10.0]], [[0.0, 10.0]])],
    )
    assert (found.labels, found.windows, found.tiou) == (3, 3, pytest.approx(0.8))
    assert found.near == pytest.approx(2 / 3) and found.kappa == pytest.approx(0.4)


@pytest.mark.parametrize("said", [[], [(True, True)] * 5, [(False, False)]])
def test_agreement_that_chance_alone_would_give_has_no_kappa(said):
    assert kappa(said) is None


def test_kappa_is_one_for_full_agreement_and_below_zero_for_less_than_chance():
    assert kappa([(True, True), (False, False)]) == 1.0
    assert kappa([(True, False), (False, True)]) == -1.0


def test_without_windows_nothing_is_said_of_them():
    found = measure([(True, False)], [])
    assert found.tiou is None and found.near is None
