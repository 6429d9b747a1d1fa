"""Plug-ins: one file per score, `score(answers, samples) -> array in [0, 1]`: metric, reward and filter at once."""
