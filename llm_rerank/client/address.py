"""Where the service is, and the key that is shown to it: given, or from the environment."""

import os
from typing import Final

import httpx2

from retrieval.errors import ConfigError

BASE_URL: Final = "LLM_RERANK_BASE_URL"
API_KEY: Final = "LLM_RERANK_API_KEY"


def base_url_of(given: str | None, http: httpx2.Client | httpx2.AsyncClient | None) -> str:
    """What is given, or where `http` goes, or what the environment says; without the last slash.

    Raises ConfigError where that is no address, or holds a password, which messages would show.
    """
    found = given or str(http.base_url if http else "") or os.environ.get(BASE_URL, "")
    try:
        url = httpx2.URL(found)
    except httpx2.InvalidURL as err:
        raise _no_address(found) from err
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query or url.fragment:
        raise _no_address(found)
    return found.rstrip("/")


def api_key_of(given: str | None) -> str:
    """What is given, or what the environment says; raises ConfigError, which does not show it, for what is no key."""
    key = given or os.environ.get(API_KEY, "")
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(
            "this is no key" if key else "the service wants a key",
            field="api_key",
            value="(not shown)" if key else None,
            remedy=f"Pass api_key, or set {API_KEY}, to what `llm-rerank keys create` showed.",
        )
    return key


def _no_address(found: str) -> ConfigError:
    return ConfigError(
        "this is no address of a service" if found else "where is the service?",
        field="base_url",
        value="(not shown: it may hold a password)" if found else None,
        remedy=f"Pass base_url, or set {BASE_URL}, such as http://127.0.0.1:8080, without a password.",
    )
