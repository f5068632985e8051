"""Results to look at: one run, several runs, a table."""
