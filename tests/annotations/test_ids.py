import pytest

from vtgdata.annotations import ids


@pytest.mark.parametrize(
    ("key", "named"),
    [
        ("K7QZ2", ids.Named("K7QZ2", "K7QZ2.mp4")),
        ("v_aB3_dE-6hIj", ids.Named("v_aB3_dE-6hIj", "v_aB3_dE-6hIj.mp4", "aB3_dE-6hIj")),
        ("-B3_dE-6hIj.webm", ids.Named("-B3_dE-6hIj", "-B3_dE-6hIj.webm", "-B3_dE-6hIj")),
        (
            "x/y/aB3_dE-6hIj_60.0_210.0",
            ids.Named("aB3_dE-6hIj_60.0_210.0", "aB3_dE-6hIj_60.0_210.0.mp4", "aB3_dE-6hIj", 60.0),
        ),
        ("s99-d01-cam-002.avi", ids.Named("s99-d01", "s99-d01-cam-002.avi")),
        ("1_2@N00.", ids.Named("1_2@N00", "1_2@N00.mp4")),
        ("../../etc/passwd", ids.Named("passwd", "passwd.mp4")),
        ("C:\\videos\\K7QZ2.mp4", ids.Named("K7QZ2", "K7QZ2.mp4")),
    ],
)
def test_what_a_key_stands_for(key: str, named: ids.Named) -> None:
    assert ids.named(key) == named


@pytest.mark.parametrize("key", ["aB3_dE-6hIj_60", "aB3_dE-6hI_60_210", "aB3_dE-6hIj_a_b", ""])
def test_what_is_no_cut(key: str) -> None:
    assert ids.cut(key) is None
