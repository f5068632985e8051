"""Token ids in, label logits or text out: a stand-in, transformers with packed scoring, vLLM here or elsewhere."""
