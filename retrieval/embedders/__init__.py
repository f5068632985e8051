"""Texts to unit vectors: a hashing stand-in and sentence-transformers."""
