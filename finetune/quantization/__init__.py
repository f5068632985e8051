"""A merged checkpoint with its weights in fewer bits, by llm-compressor in an environment of its own."""
