"""Staff accounts: sign-in, roles, second factor."""
