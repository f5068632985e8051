"""Floor 1: from shop data to candidates. Nouns, data sets, histories, splits, embedders, indexes, retrievers."""
