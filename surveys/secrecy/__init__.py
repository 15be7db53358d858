"""Anonymous answers: sealed one by one, opened together, led back to nobody."""
