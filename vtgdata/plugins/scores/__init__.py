"""One file per score, `score(answers, samples) -> array in [0, 1]`: metric, measure, reward and filter at once."""
