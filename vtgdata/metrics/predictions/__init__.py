"""Files of predictions: ours and those that other systems write, read into one record and joined to samples."""
