"""One file per selector, with `select(samples, pass_rates, size, seed, **settings) -> sample ids`."""
