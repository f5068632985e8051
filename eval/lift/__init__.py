"""The lift: what a tuned LLM adds to the best retrieval, for the users whom another order can help."""
