"""Rows of a release as conversations for other trainers: their words, their frames as files, their rate as a video."""
