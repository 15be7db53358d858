"""The two published rates, closed and confirmed by the citizen, and how citizens were asked."""
