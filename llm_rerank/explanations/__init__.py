"""Why this item for this history: evidence by ablation, text, check, template."""
