"""Interviews face to face, on a phone that may be without a network until the evening."""
