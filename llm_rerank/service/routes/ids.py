"""Ids in paths: they may hold slashes, and line breaks."""

from typing import Final

from starlette.convertors import Convertor, register_url_convertor

ANY_ID: Final = "any_id"
"""As in "/v1/items/{item_id:any_id}"."""


class _AnyId(Convertor[str]):
    regex = "(?s:.+)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor(ANY_ID, _AnyId())
