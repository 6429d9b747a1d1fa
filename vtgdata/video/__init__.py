"""What is seen: finding and probing files, sampling, decoding in worker processes, the frame store, blind controls."""
