"""What all of it has in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(min_length=1, max_length=256)]
Priority = Annotated[int, Field(ge=0, le=999)]


class Sent(BaseModel):
    """What a caller sends: a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Answered(BaseModel):
    """What the service answers: a client passes over what a newer service says besides."""

    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)
