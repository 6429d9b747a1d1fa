"""What is said: prompts with their slots, and the one parser of answers."""
