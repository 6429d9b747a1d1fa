"""What several corpora share: the file families that re-published annotations come in."""
