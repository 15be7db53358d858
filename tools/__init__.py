"""Commands for those who work on the product. Never imported by it."""
