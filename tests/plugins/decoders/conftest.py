"""Every decoder goes through the same tests; what its module lists in `KNOWN_WRONG` must fail, and nothing else may.

A key of `KNOWN_WRONG` is a test's name; with its file or other parameter behind it where it holds only there, as in
`test_frame_times_are_those_of_ffprobe demo1.mp4`; or a file's name alone. The value says what is wrong.
"""

import importlib.util

import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        call = getattr(item, "callspec", None)
        decoder = call.params.get("decoder") if call else None
        if decoder is None:
            continue
        needs = getattr(decoder, "NEEDS", "")
        if needs == "ffmpeg":
            item.add_marker(pytest.mark.program("ffmpeg"))
        elif needs and importlib.util.find_spec(needs) is None:
            item.add_marker(pytest.mark.skip(reason=f"{needs} is not installed"))
        if decoder.__name__ != "vtgdata.plugins.decoders.pyav":
            item.add_marker(pytest.mark.slow)
        values = [value for value in call.params.values() if isinstance(value, str)]
        test = item.originalname
        known_wrong = getattr(decoder, "KNOWN_WRONG", {})
        for key in (test, *values, *(f"{test} {value}" for value in values)):
            if key in known_wrong:
                item.add_marker(pytest.mark.xfail(strict=True, reason=known_wrong[key]))
