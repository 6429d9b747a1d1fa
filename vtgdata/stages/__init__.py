"""One command per file: `run` takes `Settings`, reads files and writes files. No stage imports another."""
