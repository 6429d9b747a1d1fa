import signal
import subprocess
import sys

import pytest

from vtgdata.errors import VtgError
from vtgdata.files import crash_points

RUN = "from vtgdata.files.crash_points import crash_here as at; at('step-done'); at('answer-came'); at('step-done')"


@pytest.mark.parametrize(
    ("wanted", "end"),
    [
        ("", 0),
        ("step-done", -signal.SIGKILL),
        ("step-done:2", -signal.SIGKILL),
        ("step-done:3", 0),
        ("file-written", 0),
    ],
)
def test_a_process_is_killed_at_the_named_place_and_time(monkeypatch, wanted, end):
    monkeypatch.setenv(crash_points.VARIABLE, wanted)
    assert subprocess.run([sys.executable, "-c", RUN], capture_output=True).returncode == end


@pytest.mark.parametrize("wanted", ["nowhere", "step-done:x", "step-done:-1"])
def test_a_place_that_is_none_is_said(monkeypatch, wanted):
    monkeypatch.setenv(crash_points.VARIABLE, wanted)
    with pytest.raises(VtgError, match="one of lease-taken"):
        crash_points.crash_here("step-done")
