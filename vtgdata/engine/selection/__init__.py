"""Choosing rows by pass rates: the pool, draws, quotas, control sets, and what is said of a choice beforehand."""
