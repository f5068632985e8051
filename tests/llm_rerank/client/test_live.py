"""A server on a socket."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from llm_rerank.client import AsyncClient, Client, ItemIn, KeyedInteractionIn, TimedOutError, UnreachableError
from llm_rerank.client.address import API_KEY, BASE_URL
from llm_rerank.service.service import Service

ROOT = Path(__file__).parents[3]


def test_a_user_may_be_called_anything(
    address: str, new_client: Callable[..., Any], make_key: Callable[..., str]
) -> None:
    client = new_client(address, api_key=make_key("admin"))
    for user in ("a/b", "..", ".", "a?b#c", "a%2Fb", "ü ü", "/history"):
        client.add_interactions([KeyedInteractionIn(user_id=user, item_id="tea")])
        history = client.history(user)
        assert (history.user_id, [done.item_id for done in history.interactions]) == (user, ["tea"])
        assert client.forget(user).deleted == 1


def test_so_may_an_item(address: str, new_client: Callable[..., Any], make_key: Callable[..., str]) -> None:
    client = new_client(address, api_key=make_key())
    for item_id in ("a/b", "..", "a?b#c", "a%2Fb", "ü ü", "/history"):
        client.put_items([ItemIn(item_id=item_id, title="Tea")])
        assert client.item(item_id).item_id == item_id
        assert not client.withdraw(item_id).available


def test_many_threads_ask_through_one_client(address: str, make_key: Callable[..., str]) -> None:
    with Client(address, api_key=make_key()) as client, ThreadPoolExecutor(8) as threads:
        rankings = list(threads.map(lambda _: client.recommend("anna", top_n=3), range(24)))
    assert {tuple(item.item_id for item in ranking.items) for ranking in rankings} == {
        tuple(item.item_id for item in rankings[0].items)
    }


def test_many_tasks_ask_through_one_client(address: str, make_key: Callable[..., str]) -> None:
    async def asked() -> list[str]:
        async with AsyncClient(address, api_key=make_key()) as client:
            rankings = await asyncio.gather(*(client.recommend(user, top_n=3) for user in ("anna", "ben") * 12))
        return [ranking.user_id for ranking in rankings]

    assert asyncio.run(asked()) == ["anna", "ben"] * 12


def test_nobody_waits_long_after_the_deadline(new_client: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = new_client(f"http://127.0.0.1:{silent.getsockname()[1]}", api_key="any")
        begun = monotonic()
        with pytest.raises(TimedOutError):
            client.recommend("anna", deadline_ms=100)
        assert 1 <= monotonic() - begun < 8


def test_where_nobody_listens(new_client: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(UnreachableError, match="could not be reached"):
        new_client(address, api_key="any", retries=1).health()


def test_the_readme_s_example(address: str, make_key: Callable[..., str], service: Service) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (example,) = (block for block in blocks if "llm_rerank.client" in block)
    key = make_key()
    bought = [{"user_id": "1924", "item_id": item_id, "kind": "purchase"} for item_id in ("milk", "bread", "butter")]
    with Client(address, api_key=key) as client:
        client.add_interactions(bought)
    environment = os.environ | {BASE_URL: address, API_KEY: key}
    done = subprocess.run(
        [sys.executable, "-c", example], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    shown = re.findall(r"^(\d)\. (.+?): (.*)$", done.stdout, re.MULTILINE)
    titles = {item.title for item in service.recommender.shop.catalogue}
    assert [rank for rank, _, _ in shown] == list("12345")
    assert {title for _, title, _ in shown} < titles
    reasons = [reason for _, _, reason in shown if reason]
    assert reasons
    assert reasons == [reason for _, _, reason in shown[:2] if reason]
    streamed = re.findall(r"^(\w+): (.+)$", done.stdout, re.MULTILINE)
    assert sorted(reason for _, reason in streamed) == sorted(reasons)
