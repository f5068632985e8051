"""From the kind of an engine to one with its model loaded."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from pydantic import JsonValue

from llm_rerank.engines.base import Engine, Kind, Lora
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.tokenizer import Tokenizer
from retrieval.errors import MissingExtraError


def build_engine(
    kind: Kind,
    folder: Path,
    tokenizer: Tokenizer,
    *,
    adapter: Lora | None = None,
    writer: Lora | None = None,
    device: str | None = None,
    arguments: Mapping[str, JsonValue] | None = None,
    servers: Sequence[str] = (),
) -> Engine:
    """The engine of that kind over the prepared model in `folder`, scoring with `adapter` and writing with `writer`.

    Without `writer`, `adapter` writes too. `arguments` are vLLM's, `servers` are those of a remote engine, whose model
    is what they say. Heavy imports happen here and nowhere else.
    """
    match kind:
        case "fake":
            return FakeEngine(tokenizer)
        case "transformers":
            try:
                from llm_rerank.engines.paired import PairedEngine
                from llm_rerank.engines.transformers import TransformersEngine
            except ImportError as err:
                raise _missing(kind, "serve", err) from err
            load = partial(TransformersEngine.load, folder, tokenizer, device=device)
            engine = load(adapter=adapter.folder if adapter else None)
            return engine if writer is None else PairedEngine(engine, load(adapter=writer.folder))
        case "vllm":
            try:
                from llm_rerank.engines.vllm import VllmEngine
            except ImportError as err:
                raise _missing(kind, "vllm", err) from err
            return VllmEngine.load(folder, tokenizer, adapter=adapter, writer=writer, arguments=arguments or {})
        case "remote":
            from llm_rerank.engines.remote import RemoteEngine

            return RemoteEngine(servers, tokenizer, adapter=adapter, writer=writer)


def _missing(kind: Kind, extra: str, err: ImportError) -> MissingExtraError:
    return MissingExtraError(
        f"the {kind} engine cannot be imported ({err})",
        field="engine",
        value=kind,
        remedy=f"Run pip install 'llm-rerank[{extra}]'",
    )
