"""Calls to the centre: each one is a record, also when nothing was registered."""
