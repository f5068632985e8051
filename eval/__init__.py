"""Floor 3: measuring what the two floors below do. Sibling of `finetune`; the two never import each other."""
