"""For all tests: properties without a clock, since a busy machine is no finding; and programs that may not be there.

A property is tried on 200 examples, on 10,000 where HYPOTHESIS_PROFILE is `deep` (`make deep`), and on 10 where it is
`few`: for runs that ask something else, once for each plug-in.

Python and make are all that the tests need. One that is about another program says which, as in
`@pytest.mark.program("ffprobe")`, and is skipped where that is not installed; `-m program` selects these.
"""

import os
import shutil
import signal

import pytest
from hypothesis import settings

settings.register_profile("vtgdata", deadline=None, max_examples=200)
settings.register_profile("few", deadline=None, max_examples=10)
settings.register_profile("deep", deadline=None, max_examples=10_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "vtgdata"))


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Tests in the background of a script: Ctrl-C is ignored there, and in every process that they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    for mark in item.iter_markers("program"):
        if shutil.which(mark.args[0]) is None:
            pytest.skip(f"needs the program {mark.args[0]}")
