"""What every stage needs of files: tables, whole writes, steps, fingerprints, recipes, plug-ins found by name."""
