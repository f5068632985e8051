"""One definition, two clients."""

import asyncio
import inspect
import re
from collections.abc import AsyncGenerator, Callable, Generator
from pathlib import Path
from typing import Any, Final
from unittest.mock import AsyncMock, create_autospec

import pytest
from mypy import api as mypy

from llm_rerank.client import AsyncClient, Client
from llm_rerank.client.api import Api
from llm_rerank.client.call import Call, Stream, run_each, run_through

ROOT: Final = Path(__file__).parents[3]
CALLS: Final = [name for name, member in vars(Api).items() if isinstance(member, Call)]
STREAMS: Final = [name for name, member in vars(Api).items() if isinstance(member, Stream)]


def alike(blocking: Callable[..., Any], awaited: Callable[..., Any]) -> bool:
    assert blocking.__doc__
    return (blocking.__doc__, inspect.signature(blocking)) == (awaited.__doc__, inspect.signature(awaited))


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_a_method_of_both_with_its_arguments_and_what_it_says_of_itself(name: str) -> None:
    blocking, awaited = getattr(Client, name), getattr(AsyncClient, name)
    assert not inspect.iscoroutinefunction(blocking)
    assert inspect.iscoroutinefunction(awaited)
    assert alike(blocking, awaited)


@pytest.mark.parametrize("name", STREAMS)
def test_so_is_a_stream(name: str) -> None:
    assert alike(getattr(Client, name), getattr(AsyncClient, name))
    assert isinstance(getattr(Client("http://shop", api_key="any"), name)("anna"), Generator)
    assert isinstance(getattr(AsyncClient("http://shop", api_key="any"), name)("anna"), AsyncGenerator)


def test_a_stand_in_for_a_client_is_of_its_kind() -> None:
    assert not isinstance(create_autospec(Client, instance=True).recommend, AsyncMock)
    assert isinstance(create_autospec(AsyncClient, instance=True).recommend, AsyncMock)


def test_what_would_pause_is_not_run_through() -> None:
    with pytest.raises(RuntimeError, match="cannot await what pauses"):
        run_through(asyncio.sleep(0))


def test_who_leaves_early_closes_what_is_run_through() -> None:
    closed: list[bool] = []

    async def numbers() -> AsyncGenerator[int, None]:
        try:
            for number in range(9):
                yield number
        finally:
            closed.append(True)

    for number in run_each(numbers()):
        assert not closed
        if number == 2:
            break
    assert closed == [True]
    assert list(run_each(numbers())) == list(range(9))


USES: Final = """\
from typing import assert_type
from llm_rerank.client import AsyncClient, Client
from llm_rerank.client.events import Told
from llm_rerank.wire.interactions import InteractionsOut
from llm_rerank.wire.rankings import RecommendOut

def blocking(client: Client) -> None:
    assert_type(client.recommend("anna", top_n=5), RecommendOut)
    assert_type(client.add_interactions([], batch_size=3), InteractionsOut)
    client.recommend(user=1)
    for event in client.explain("anna", drafts=True):
        assert_type(event, Told)
        if event.event == "explanation":
            assert_type(event.explanation.text, str)
    client.explain("anna").close()

async def awaited(client: AsyncClient) -> None:
    assert_type(await client.recommend("anna", top_n=5), RecommendOut)
    client.recommend("anna").items
    async for event in client.explain("anna"):
        assert_type(event, Told)
    for event in client.explain("anna"):
        pass
    await client.explain("anna").aclose()
"""


@pytest.mark.slow
def test_a_type_checker_knows_arguments_and_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYPYPATH", str(ROOT))
    file = tmp_path / "uses.py"
    file.write_text(USES)
    said, _, _ = mypy.run([str(file), "--strict", "--config-file", str(ROOT / "pyproject.toml")])
    assert re.findall(r"uses.py:(\d+): error: (.+?)  \[", said) == [
        ("10", 'Unexpected keyword argument "user"'),
        ("19", '"Coroutine[Any, Any, RecommendOut]" has no attribute "items"'),
        (
            "22",
            '"AsyncGenerator[RankingEvent | EvidenceEvent | DraftEvent | ExplanationEvent | DoneEvent, None]" '
            'has no attribute "__iter__" (not iterable)',
        ),
    ]
