"""From facts to sentences: a second adapter, for the model that words the reasons."""
