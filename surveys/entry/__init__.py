"""Answers that a member of staff types in for a citizen on the telephone."""
