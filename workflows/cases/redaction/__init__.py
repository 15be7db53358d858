"""Taking words out of the citizen's sight, and out of everything that is stored."""
