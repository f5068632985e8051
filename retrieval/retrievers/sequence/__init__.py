"""The trained retriever: a small transformer reads a history in order and points at the items that come next."""
