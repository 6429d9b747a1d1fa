"""For all tests: properties without a clock, since a busy machine is no finding."""

from hypothesis import settings

settings.register_profile("vtgdata", deadline=None)
settings.load_profile("vtgdata")
