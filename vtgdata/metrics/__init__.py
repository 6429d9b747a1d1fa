"""Scoring answers against annotations: IoU arithmetic, sets of metrics, intervals, baselines, official scorers."""
