"""Tasks that workflows give to people: a letter to write, something to look at."""
