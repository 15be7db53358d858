"""Call-ins: an official answers citizens by telephone, in public and on the record."""
