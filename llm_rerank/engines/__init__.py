"""Token ids in, label logits or text out: a deterministic stand-in and transformers with packed scoring."""
