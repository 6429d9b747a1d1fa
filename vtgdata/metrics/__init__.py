"""Measuring answers against annotations: the IoU core, sets of metrics, intervals, baselines, official scorers."""
