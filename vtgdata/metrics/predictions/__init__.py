"""Files of predictions, ours and those of other systems: read into one type, joined to samples, written."""
