"""Several messages about one matter: found while typing, joined, told together, split again."""
