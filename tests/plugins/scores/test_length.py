import pytest

from support.builders import make_answer, make_sample
from vtgdata.plugins.scores import length


def one(reasoning, **band):
    return length.score([make_answer((3, 9), reasoning=reasoning)], [make_sample()], **band)[0]


def test_it_rises_to_the_band_stays_and_falls_beyond_it():
    assert [one("word " * n, low=4, high=8) for n in (0, 2, 4, 8, 16)] == [0.0, 0.5, 1.0, 1.0, 0.5]


def test_a_sign_of_a_script_without_blanks_is_a_word():
    assert one("门在三秒打开", low=6, high=8) == 1.0
    assert one("The gate opens.", low=6, high=8) == pytest.approx(0.5)
