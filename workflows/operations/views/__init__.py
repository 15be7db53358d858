"""Pages of the operations centre and of field supervisors."""
