"""Forms on paper, keyed twice before they count."""
