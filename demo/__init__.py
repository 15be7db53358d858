"""What `make demo` shows: a city, its people and their answers. Never imported by the product."""
