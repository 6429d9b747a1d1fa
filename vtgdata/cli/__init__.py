"""The command line: one small file for each group of commands, a thin reading of the stages."""
