"""The citizen's side of cases: sending a message, following it, saying whether it is settled."""
