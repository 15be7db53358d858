"""Which ways to an answer a campaign has beside the personal link by SMS."""
