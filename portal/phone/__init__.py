"""Demonstration only: the telephones of the simulated citizens."""
