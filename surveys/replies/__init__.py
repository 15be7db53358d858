"""Polls of one question that are answered by a reply to the SMS."""
