"""Files of predictions, ours and other systems': read into one record, joined to samples, written."""
