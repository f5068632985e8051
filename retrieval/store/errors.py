"""What goes wrong with a database."""

from retrieval.errors import LlmRerankError


class StoreError(LlmRerankError):
    """The database cannot be reached, is full, or is of another version.

    Nothing was written, unless the connection was lost while it was: whoever asks again does so under the same keys.
    """
