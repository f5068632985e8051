"""What goes wrong with a database."""

from retrieval.errors import LlmRerankError


class StoreError(LlmRerankError):
    """The database cannot be reached, is full, or is of another version; nothing was written."""
