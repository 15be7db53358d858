"""Answers written once: canned replies per language."""
