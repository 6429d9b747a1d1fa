"""Metrics of grounding, their intervals and the baselines beside them. Pure; numpy only."""
