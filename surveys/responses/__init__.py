"""Answering: the personal link and what it stores."""
