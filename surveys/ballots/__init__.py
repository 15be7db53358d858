"""Ballots ("I am Mayor"): proposals, screening, the vote, the count, and what becomes of it."""
