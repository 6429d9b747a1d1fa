"""One verb per file: `Settings` in, files in, files out. No stage imports another."""
