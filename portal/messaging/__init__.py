"""Text messages: what is sent, by which gateway, and what came of it."""
