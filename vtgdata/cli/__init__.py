"""The command line: one small file for each group of commands, a thin layer over the stages."""
