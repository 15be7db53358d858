"""`/o/<code>`: a link for a poster, with a check of the number by SMS or without."""
