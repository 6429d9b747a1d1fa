"""What is said: prompts, and the one parser of answers."""
