"""Training a LoRA adapter on lists: packed, step by step, from a checkpoint on where it was interrupted."""
