"""Which splits are benchmarks: papers report scores on them, so their rows are neither dropped nor trained on."""

from functools import cache

from vtgdata.files import plugins


@cache
def is_benchmark(corpus: str, split: str) -> bool:
    """Whether papers report scores on a split: if its corpus says so, and for `test` of any corpus.

    >>> is_benchmark("somebody's own", "test"), is_benchmark("somebody's own", "train")
    (True, False)
    """
    known = corpus in plugins.names("corpora")
    return split == "test" or (known and plugins.load("corpora", corpus).CORPUS.benchmark(split))
