"""`vtgdata view` as a process: it says its address, answers whoever opens it, and ends with Ctrl-C."""

import http.client
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support import labelled


@pytest.mark.parametrize("words", [["view", "in"], ["review", "in", "--decisions", "d.jsonl", "--json"]])
def test_the_printed_address_opens_and_ctrl_c_ends_it(words, tmp_path):
    labelled.write(tmp_path / "in")
    as_json = "--json" in words
    with subprocess.Popen(
        [sys.executable, "-m", "vtgdata", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        line = process.stdout.readline()
        address = json.loads(line)["address"] if as_json else re.findall(r"http://\S+", line)[0]
        try:
            place = urlsplit(address)
            connection = http.client.HTTPConnection(place.netloc, timeout=30)
            connection.request("GET", place.path)
            assert b"vtgdata report" in connection.getresponse().read()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0 and process.stderr.read() == ""


def test_what_cannot_be_shown_is_an_error(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "vtgdata", "view", "none"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1 and "none: no such file or folder" in done.stderr
