"""The SQLite journal that holds every answer before it is counted, its lock, and its counts."""
