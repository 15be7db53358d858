"""Ballots on projects: the rules that count them, and the exchange format `.pb`."""
