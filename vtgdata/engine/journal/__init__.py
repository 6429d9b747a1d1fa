"""The journal of answers, who holds it, and what it counts."""
