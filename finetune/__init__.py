"""Floor 3: training and quantisation. Sibling of `eval`; the two never import each other."""
