"""Reasons: asked for, and measured without the program's own check."""
