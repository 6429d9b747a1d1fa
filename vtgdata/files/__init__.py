"""Files between stages: Parquet, samples, whole writes, output folders, fingerprints, recipes, plug-ins by name."""
