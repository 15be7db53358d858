"""Saved filters of the work lists, and work on many cases at once."""
