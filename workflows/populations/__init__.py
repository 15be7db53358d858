"""A running population is moved to another version of its workflow, and back."""
