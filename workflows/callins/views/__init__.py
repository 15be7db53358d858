"""Pages of call-ins: for citizens, for those who arrange them, and the live board."""
