"""Urgent messages at the operations centre, and the visits of field supervisors."""
