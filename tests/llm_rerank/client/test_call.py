"""One definition, two clients."""

import asyncio
import inspect
import re
from pathlib import Path
from typing import Final
from unittest.mock import AsyncMock, create_autospec

import pytest
from mypy import api as mypy

from llm_rerank.client import AsyncClient, Client
from llm_rerank.client.api import Api
from llm_rerank.client.call import Call, run_through

ROOT: Final = Path(__file__).parents[3]
CALLS: Final = [name for name, member in vars(Api).items() if isinstance(member, Call)]


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_a_method_of_both_with_its_arguments_and_what_it_says_of_itself(name: str) -> None:
    blocking, awaited = getattr(Client, name), getattr(AsyncClient, name)
    assert not inspect.iscoroutinefunction(blocking)
    assert inspect.iscoroutinefunction(awaited)
    assert inspect.signature(blocking) == inspect.signature(awaited)
    assert blocking.__doc__ == awaited.__doc__
    assert blocking.__doc__


def test_a_stand_in_for_a_client_is_of_its_kind() -> None:
    assert not isinstance(create_autospec(Client, instance=True).recommend, AsyncMock)
    assert isinstance(create_autospec(AsyncClient, instance=True).recommend, AsyncMock)


def test_what_would_pause_is_not_run_through() -> None:
    with pytest.raises(RuntimeError, match="cannot await what pauses"):
        run_through(asyncio.sleep(0))


USES: Final = """\
from typing import assert_type
from llm_rerank.client import AsyncClient, Client
from llm_rerank.wire.interactions import InteractionsOut
from llm_rerank.wire.rankings import RecommendOut

def blocking(client: Client) -> None:
    assert_type(client.recommend("anna", top_n=5), RecommendOut)
    assert_type(client.add_interactions([], batch_size=3), InteractionsOut)
    client.recommend(user=1)

async def awaited(client: AsyncClient) -> None:
    assert_type(await client.recommend("anna", top_n=5), RecommendOut)
    client.recommend("anna").items
"""


@pytest.mark.slow
def test_a_type_checker_knows_arguments_and_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    file = tmp_path / "uses.py"
    file.write_text(USES)
    said, _, _ = mypy.run([str(file), "--strict", "--config-file", str(ROOT / "pyproject.toml")])
    assert re.findall(r"uses.py:(\d+): error: (.+?)  \[", said) == [
        ("9", 'Unexpected keyword argument "user"'),
        ("13", '"Coroutine[Any, Any, RecommendOut]" has no attribute "items"'),
    ]
