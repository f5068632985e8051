"""What every piece of configuration is: frozen, explained field by field, deaf to no misspelling."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A misspelt key is an error, and the docstring under a field is its description in the schema."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
