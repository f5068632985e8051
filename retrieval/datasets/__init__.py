"""Shop data from files: one module a data set, one way of cleaning."""
