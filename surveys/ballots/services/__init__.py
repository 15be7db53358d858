"""What ballots do, one module per step. They flush and never commit."""
