"""The contact bank: people the city may write to, and the files they come in."""
