"""Fusion by trees: how much to believe the LLM, retrieval and its sources, and when, learnt from held-out answers."""
