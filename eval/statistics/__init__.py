"""How sure a figure is, and for whom it holds."""
