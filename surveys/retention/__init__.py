"""How long answers are kept: free texts, then whole responses, are erased on time."""
