"""The command line: a thin reading of the stages."""
