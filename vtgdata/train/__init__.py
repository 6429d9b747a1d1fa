"""Trainers that read only a release: SFT and RL on TRL."""
