"""/demo: the doors of the demonstration, one for each person of the story."""
