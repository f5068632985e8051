"""Floor 2: which candidates, in what order, and why. Prompt, engines, reranker, explanations, recommender."""
