"""The learned hybrid: what the sources propose, ordered by a model that was fitted on held-out interactions."""
