"""Ballots ("I am Mayor"): proposals, screening, the vote, the rules that count it, and the exchange
format `.pb`."""
