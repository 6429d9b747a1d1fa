import numpy as np
import pytest

from vtgdata.metrics.student import beta_cdf, beta_quantile, clopper_pearson, t_quantile

stats = pytest.importorskip("scipy.stats")


def test_quantiles_are_those_of_scipy():
    rng = np.random.default_rng(0)
    for a, b in 10 ** rng.uniform(-0.5, 3.5, size=(100, 2)):
        p = float(rng.uniform(0.01, 0.99))
        x = beta_quantile(p, float(a), float(b))
        assert x == pytest.approx(stats.beta.ppf(p, a, b), rel=1e-8)
        assert beta_cdf(x, float(a), float(b)) == pytest.approx(p, abs=1e-9)
    for df in (0.5, 1.0, 1.37, 2.0, 5.0, 9.4, 99.0, 1e4, 1e7):
        assert t_quantile(0.95, df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-8)


@pytest.mark.parametrize(("successes", "n"), [(0, 6), (6, 6), (3, 100), (1.5, 9.9)])
def test_a_proportion_has_the_exact_interval(successes, n):
    low, high = clopper_pearson(successes, n)
    assert low == pytest.approx(stats.beta.ppf(0.025, successes, n - successes + 1) if successes else 0.0)
    assert high == pytest.approx(stats.beta.ppf(0.975, successes + 1, n - successes) if successes < n else 1.0)
