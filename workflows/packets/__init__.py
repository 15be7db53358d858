"""Council packets: a period's figures, frozen, printed, discussed and decided upon."""
