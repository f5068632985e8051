"""What litellm makes of our errors and our extras, asked as for vLLM, for Cohere and for Jina."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.filterwarnings("ignore:Items .* using the `ReadOnly` qualifier:UserWarning")  # litellm's types

ASKED = {"query": "milk\nbread", "documents": ["sofa", "milk and bread", "lamp"]}
ANY = pytest.mark.parametrize("model", ["hosted_vllm/any", "cohere/any", "jina_ai/any"])


def rank(live: Any, model: str, **changed: Any) -> Any:
    import litellm  # not before it is told to fetch no prices

    return litellm.rerank(**{"model": model, "api_base": live.url, "api_key": live.key, **ASKED, **changed})


@ANY
@pytest.mark.parametrize(
    ("changed", "error", "status"),
    [({"api_key": "wrong"}, "AuthenticationError", 401), ({"documents": ["x"] * 1001}, "BadRequestError", 422)],
)
def test_an_error_is_its_own(live: Any, model: str, changed: dict[str, Any], error: str, status: int) -> None:
    import litellm

    with pytest.raises(getattr(litellm, error)) as raised:
        rank(live, model, **changed)
    assert raised.value.status_code == status


@ANY
def test_a_key_that_asks_too_often_is_told_so(live: Any, show_key: Callable[..., dict[str, str]], model: str) -> None:
    import litellm

    key = show_key(live.service, per_minute=1)["Authorization"].removeprefix("Bearer ")
    assert len(rank(live, model, api_key=key).results) == 3
    with pytest.raises(litellm.RateLimitError):
        rank(live, model, api_key=key)


def test_an_instruction_goes_along(live: Any) -> None:
    told = {"instruction": "The customer's latest purchases:"}
    raw = httpx.post(f"{live.url}/rerank", json=ASKED | told, headers={"Authorization": f"Bearer {live.key}"}).json()
    scores = [result["relevance_score"] for result in rank(live, "hosted_vllm/any", **told).results]
    assert scores == [result["relevance_score"] for result in raw["results"]]
    assert scores != [result["relevance_score"] for result in rank(live, "hosted_vllm/any").results]


def test_what_vllm_can_and_we_cannot_is_passed_over(live: Any) -> None:
    more = {"max_tokens_per_doc": 8, "truncate_prompt_tokens": 100, "truncation_side": "left"}
    assert len(rank(live, "hosted_vllm/any", **more).results) == 3
