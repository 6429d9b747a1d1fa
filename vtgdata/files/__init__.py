"""Files between stages: Parquet of samples and drops, whole writes, output folders, fingerprints, recipes, plug-ins."""
