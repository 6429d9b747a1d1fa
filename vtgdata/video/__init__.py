"""What is seen: finding and probing files, sampling, decoding apart, the frame store, blind controls."""
