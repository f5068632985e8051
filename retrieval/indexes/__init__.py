"""Nearest neighbours: an exact stand-in and FAISS."""
