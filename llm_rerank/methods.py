"""For which scoring method an adapter was trained: by the other one its scores would mean nothing, and nothing would
show it.

The file of its weights says so, in the metadata that safetensors keeps, so that its id changes with it. Where it says
nothing the method is packed: there was no other when the first were trained.
"""

from typing import Final, TypeVar

from safetensors import SafetensorError, safe_open

from llm_rerank.adapters import WEIGHTS, Adapter
from llm_rerank.config import RerankerConfig
from llm_rerank.reranker import Method
from llm_rerank.served import served_adapter
from retrieval.errors import BuildError, ModelError

_MARK: Final = "method"

Served = TypeVar("Served", bound=RerankerConfig)


def mark_of(method: Method) -> dict[str, str]:
    """What the weights' file says."""
    return {} if method == "packed" else {_MARK: method}


def method_of(adapter: Adapter) -> str:
    """What the adapter was trained for, by name; a later version may know more of them.

    Raises BuildError where its weights cannot be read.
    """
    try:
        with safe_open(adapter.folder / WEIGHTS, framework="numpy") as weights:
            said: str = (weights.metadata() or {}).get(_MARK, "packed")
            return said
    except (OSError, SafetensorError) as err:
        raise BuildError(
            f"the adapter's weights cannot be read ({err})",
            field="adapter",
            value=str(adapter.folder),
            remedy="Get it again, from where it came.",
        ) from err


def require_method(adapter: Adapter, method: Method) -> None:
    """Raises ModelError where the adapter was trained for another method."""
    trained_for = method_of(adapter)
    if trained_for != method:
        raise ModelError(
            f"the adapter was trained for {trained_for}",
            field="method",
            value=method,
            remedy=f"Set method: {trained_for}, or train an adapter for {method}.",
        )


def settled(config: Served) -> Served:
    """The same with its adapter by folder: another one may be live by the time the model is loaded.

    Raises ModelError for one that was trained for another method, BuildError and ConfigError as served_adapter does.
    """
    adapter = served_adapter(config.adapter)
    if adapter is None:
        return config
    require_method(adapter, config.method)
    return config.model_copy(update={"adapter": adapter.folder})
