"""One file per trainer that `vtgdata export` writes for: how it reads a row, and its configuration."""
