"""Official letters: numbered, printed, answered in time, and never changed once issued."""
