"""What a category asks beyond the message itself, and what was answered."""
