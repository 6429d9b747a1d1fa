"""What rebuilds a release: its steps followed back to raw files, the plan of a rebuild, the run, the comparison."""
