"""Pages of special messages and of council members."""
