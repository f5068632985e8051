"""The vLLM engine: K prompts behind one shared prefix, continuous batching across callers. For a GPU; a CPU will do.

vLLM's own core runs in another process, so that it may die alone: whoever waits for it then gets an EngineError, and it
is started again meanwhile. One that hangs for a minute is as good as dead.
"""

import asyncio
import atexit
import os
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import fields
from functools import lru_cache, partial
from itertools import chain
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event
from typing import Any, Final, get_args
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from llm_rerank.deadline import Deadline
from llm_rerank.engines.base import GeneratedPiece, GenerationRequest, Lora, ScoringRequest, raise_if_cancelled
from llm_rerank.engines.loop_thread import LoopThread, Put
from llm_rerank.engines.pulse import Pulse
from llm_rerank.engines.side_by_side import Rows, failing_as, scored, written
from llm_rerank.engines.supervised import Supervised
from llm_rerank.engines.texts import GrowingText
from llm_rerank.tokenizer import TokenIds, Tokenizer
from retrieval.errors import CancelledError, EngineError, LlmRerankError, ModelError
from retrieval.files import read_json

os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")  # a shop's service tells nobody that it runs
os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")  # bound, one of two cores would be left idle

from vllm import SamplingParams
from vllm.config.lora import MaxLoRARanks
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.inputs import TokensPrompt
from vllm.lora.request import LoRARequest
from vllm.outputs import RequestOutput
from vllm.platforms import current_platform
from vllm.sampling_params import RequestOutputKind
from vllm.utils.system_utils import kill_process_tree
from vllm.v1.engine.async_llm import AsyncLLM

_STOP_MILLISECONDS: Final = 60_000
_ABANDON_ATTEMPTS, _ATTEMPT_MILLISECONDS = 300, 200

_OURS: Final[Mapping[str, Any]] = {
    "skip_tokenizer_init": True,  # it is token ids in and out
    "enable_prefix_caching": True,
    "scheduling_policy": "priority",
    "enable_log_requests": False,  # prompts are people's histories
}
_ON_A_CPU: Final[Mapping[str, Any]] = {
    "dtype": "float32",  # bfloat16 is unusably slow on a CPU without it
    "enforce_eager": True,  # else it wants a C++ compiler
    "kv_cache_memory_bytes": 2**30,  # else most of the machine's memory
    "block_size": 32,  # prefixes are shared by the block, and a CPU's blocks would be of 128 tokens
    "max_model_len": 4096,  # one such prompt must have room in the cache
}


class VllmEngine:
    """One causal language model, with an adapter to score and one to write, under vLLM."""

    name = "vllm"

    def __init__(self, args: AsyncEngineArgs, tokenizer: Tokenizer, scorer: Any, writer: Any) -> None:
        """`scorer` and `writer` are LoRARequests, or None for the weights as they are. Starts the engine, which takes
        a minute; raises ModelError where it does not start.
        """
        self._tokenizer, self._scorer, self._writer = tokenizer, scorer, writer
        self._supervised = Supervised("vLLM", partial(_Running, args))
        atexit.register(self.close)  # else its process would be killed, and complain

    @classmethod
    def load(
        cls,
        folder: Path,
        tokenizer: Tokenizer,
        *,
        adapter: Lora | None = None,
        writer: Lora | None = None,
        arguments: Mapping[str, JsonValue],
    ) -> "VllmEngine":
        """The prepared model in `folder`; without `writer`, `adapter` writes too.

        `arguments` are vLLM's, which win over ours. Raises ModelError for one that it does not have.
        """
        beside = [lora for lora in dict.fromkeys((adapter, writer)) if lora is not None]
        # By name: vLLM's prefix cache knows an adapter by that and its path alone, and never sees a change in place.
        loras: dict[Lora | None, LoRARequest] = {
            lora: LoRARequest(lora.name, number, str(lora.folder.absolute())) for number, lora in enumerate(beside, 1)
        }
        ours = {**_OURS, **(_ON_A_CPU if current_platform.is_cpu() else {}), **_room_for(beside)}
        args = _arguments(folder, ours, arguments)
        return cls(args, tokenizer, loras.get(adapter), loras.get(writer or adapter))

    def score(
        self, requests: Sequence[ScoringRequest], *, cancel: Event | None = None
    ) -> tuple[NDArray[np.float32], ...]:
        """See Engine.score: rows of log-probabilities."""
        raise_if_cancelled(cancel)
        longest = max((len(r.prefix) + max(map(len, r.continuations), default=0) for r in requests), default=0)
        running = self._require(longest, chain.from_iterable((r.prefix, r.labels, *r.continuations) for r in requests))
        with self._supervised.looked_after(running), failing_as(_failed):
            return running.thread.ask(scored(requests, partial(self._rows, running), at_once=1), cancel)

    def generate(
        self, requests: Sequence[GenerationRequest], *, cancel: Event | None = None
    ) -> Iterator[GeneratedPiece]:
        """See Engine.generate: texts and scores of all callers share every step."""
        longest = max((len(r.prompt) + r.max_tokens - 1 for r in requests), default=0)
        running = self._require(longest, (r.prompt for r in requests))
        return self._pieces(running, requests, cancel)

    def close(self) -> None:
        """Ends vLLM's process; nothing can be asked any more."""
        atexit.unregister(self.close)
        self._supervised.close()

    async def _rows(self, running: "_Running", request: ScoringRequest, continuations: Sequence[TokenIds]) -> Rows:
        """Of one continuation: vLLM puts callers' prompts together itself."""
        (continuation,) = continuations
        answers = _asked(running, request, (*request.prefix, *continuation), _reading(request.labels), self._scorer)
        said = [answer.outputs[0].logprobs async for answer in answers]
        if not said or not said[-1]:
            raise _failed("it broke off")
        return [[float(said[-1][0][label].logprob) for label in request.labels]]

    def _pieces(
        self, running: "_Running", requests: Sequence[GenerationRequest], cancel: Event | None
    ) -> Iterator[GeneratedPiece]:
        write = partial(written, partial(self._write, running), requests)
        with self._supervised.looked_after(running), failing_as(_failed):
            yield from running.thread.stream(write, cancel)

    async def _write(
        self, running: "_Running", index: int, request: GenerationRequest, put: Put[GeneratedPiece]
    ) -> None:
        text = GrowingText(request=request, tokenizer=self._tokenizer)
        params = SamplingParams(
            max_tokens=request.max_tokens,
            temperature=request.temperature,
            seed=request.seed,
            stop_token_ids=sorted(self._tokenizer.end_ids),
            detokenize=False,
            output_kind=RequestOutputKind.DELTA,
        )
        async with aclosing(_asked(running, request, request.prompt, params, self._writer)) as answers:
            async for answer in answers:
                for token in answer.outputs[0].token_ids:
                    piece = text.take(token)
                    if piece or text.done:
                        put(GeneratedPiece(index=index, text=piece, done=text.done))
                    if text.done:
                        return
        if answer.outputs[0].finish_reason not in ("stop", "length"):
            raise _failed("it broke off")
        put(GeneratedPiece(index=index, text=text.end(), done=True))

    def _require(self, tokens: int, of: Iterable[TokenIds]) -> "_Running":
        """What answers prompts of that many tokens, of these; raises EngineError where nothing does."""
        running = self._supervised.require()
        model = running.llm.model_config
        if max((max(ids, default=0) for ids in of), default=0) >= model.get_vocab_size():
            # vLLM looks only where it has a tokenizer: it would die of it, for all callers
            raise EngineError(
                "the model does not know all of these tokens",
                field="tokens",
                value=tokens,
                remedy="Use the tokenizer of this model",
            )
        limit = model.max_model_len - 1  # one is always generated
        if tokens > limit:
            raise EngineError(
                f"the model reads at most {limit} tokens",
                field="tokens",
                value=tokens,
                remedy="Lower the prompt's history or title budget, or raise engine.arguments.max_model_len",
            )
        return running


class _Running:
    """vLLM's engine and the thread that talks to its process."""

    def __init__(self, args: AsyncEngineArgs, cancel: Event) -> None:
        """Waits for it; raises ModelError where it does not start, and CancelledError where it is to be no more."""
        self.thread, self.pulse = LoopThread("vllm"), Pulse()
        before = set(active_children())
        try:
            self.llm: AsyncLLM = self.thread.ask(_started(args), cancel)
            self._processes = set(active_children()) - before
        except (CancelledError, KeyboardInterrupt, SystemExit):
            self._abandon(before)
            raise
        except Exception as err:  # whatever a model, a device or an argument is wrong with
            self.thread.stop()
            raise ModelError(
                f"vLLM does not start ({type(err).__name__}: {err})",
                field="model",
                value=str(args.model),
                remedy="Read what it logged; correct engine.arguments, or name another model",
            ) from err

    @property
    def dead(self) -> bool:
        """Whether its process has ended, or hangs."""
        return self.llm.errored or self.pulse.hung

    def stop(self) -> None:
        """Ends its process and the thread; whoever waits gets an error. What is stuck is left behind."""
        if self.dead:  # one that hangs, or has been stopped, hears no other signal
            _kill(self._processes)
        with suppress(LlmRerankError):
            self.thread.ask(_shut_down(self.llm), Deadline(_STOP_MILLISECONDS))
        self.thread.stop()

    def _abandon(self, others: Collection[BaseProcess]) -> None:
        """Kills what was started beside those others, until the start fails of that: nothing else interrupts it."""
        for _ in range(_ABANDON_ATTEMPTS):
            _kill(set(active_children()).difference(others))
            with suppress(CancelledError):  # its thread is still at it
                self.thread.ask(asyncio.sleep(0), Deadline(_ATTEMPT_MILLISECONDS))
                break
        self.thread.stop()


def _kill(processes: Iterable[BaseProcess]) -> None:
    for process in processes:
        if process.pid is not None and process.is_alive():
            kill_process_tree(process.pid)


def _arguments(folder: Path, ours: Mapping[str, Any], theirs: Mapping[str, JsonValue]) -> AsyncEngineArgs:
    try:
        if unknown := set(theirs) - {field.name for field in fields(AsyncEngineArgs)} | set(theirs) & {"model"}:
            raise ValueError(f"{', '.join(sorted(unknown))}: there is no such argument to give")
        return AsyncEngineArgs(model=str(folder), **{**ours, **theirs})
    except (TypeError, ValueError) as err:  # nested settings are checked by pydantic, whose errors are ValueErrors
        raise ModelError(
            f"vLLM does not take these arguments ({err})",
            field="engine.arguments",
            value=dict(theirs),
            remedy="Name arguments as vLLM's EngineArgs does",
        ) from err


async def _started(args: AsyncEngineArgs) -> AsyncLLM:
    return AsyncLLM.from_engine_args(args)


async def _shut_down(llm: AsyncLLM) -> None:
    resources = llm.engine_core.resources
    llm.shutdown()
    resources()  # where its process was killed, shutdown does nothing: its sockets are closed here, in their own loop
    resources.ctx.destroy(linger=0)  # which vLLM 0.32 leaves open, with its threads


async def _asked(
    running: _Running, request: ScoringRequest | GenerationRequest, ids: TokenIds, params: SamplingParams, lora: Any
) -> AsyncGenerator[RequestOutput, None]:
    """What vLLM answers to one prompt."""
    prompt = TokensPrompt(prompt_token_ids=list(ids), **({"cache_salt": request.salt} if request.salt else {}))
    answers: AsyncGenerator[RequestOutput, None] = running.llm.generate(
        prompt, params, uuid4().hex, lora_request=lora, priority=request.priority
    )
    with running.pulse.awaited():
        async with aclosing(answers):
            async for answer in answers:
                running.pulse.beat()
                yield answer


@lru_cache(maxsize=64)
def _reading(labels: TokenIds) -> SamplingParams:
    """One token, of which nothing is wanted but how likely these would have been."""
    return SamplingParams(
        max_tokens=1,
        temperature=0,
        logprob_token_ids=list(labels),
        detokenize=False,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def _failed(why: str) -> EngineError:
    return EngineError(
        f"vLLM failed ({why})",
        field="engine",
        value=VllmEngine.name,
        remedy="Ask again; if it stays so, read what it logged",
    )


def _room_for(adapters: Sequence[Lora]) -> Mapping[str, Any]:
    """The lowest of the ranks that vLLM has which all fit: what is left over is computed too."""
    if not adapters:
        return {}
    rank, ranks = max(read_json(lora.folder / "adapter_config.json")["r"] for lora in adapters), get_args(MaxLoRARanks)
    if rank > max(ranks):
        raise ModelError(
            f"vLLM serves ranks up to {max(ranks)}",
            field="adapter",
            value=rank,
            remedy="Merge it: llm-rerank adapters merge",
        )
    lowest = min(most for most in ranks if most >= rank)
    return {"enable_lora": True, "max_loras": len(adapters), "max_lora_rank": lowest}
