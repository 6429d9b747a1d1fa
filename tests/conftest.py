"""For all tests: properties without a clock, since a busy machine is no finding.

A property is tried on 200 examples, or on 10,000 where HYPOTHESIS_PROFILE is `deep` (`make deep`).
"""

import os

from hypothesis import settings

settings.register_profile("vtgdata", deadline=None, max_examples=200)
settings.register_profile("deep", deadline=None, max_examples=10_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "vtgdata"))
