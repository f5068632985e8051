"""What vLLM answers to scoring requests, in a process of its own, which reads what to do from its standard input.

`{"model": folder, "adapter": null or {"adapter_id": name, "folder": folder},
"requests": [{"prefix": ids, "continuations": [ids], "labels": [yes, no]}]}` in; as the last line out
`{"scores": [[log-odds of yes]], "seconds": a core's, of scoring alone}`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from llm_rerank.adapters import SETTINGS, Adapter
from llm_rerank.engines.base import ScoringRequest
from retrieval.errors import EngineError
from retrieval.files import read_json

_ROOT: Final = Path(__file__).parents[1]
_ENVIRONMENT: Final = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",  # a second process would be waited for
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # else one core of two is kept free
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """What an engine said: of each request its continuations' scores; and how many seconds of a core that took."""

    scores: tuple[NDArray[np.float64], ...]
    seconds: float


def served(model: Path, requests: Sequence[ScoringRequest], *, adapter: Adapter | None = None) -> Served:
    """Has vLLM score these in float32, or in what the checkpoint says; raises EngineError where it cannot.

    An adapter stays beside the weights, and is added to what they answer.
    """
    beside = adapter and {"adapter_id": adapter.adapter_id, "folder": str(adapter.folder.absolute())}
    asked = [asdict(request) for request in requests]
    told = {"model": str(model.absolute()), "adapter": beside, "requests": asked}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.vllm_scoring"],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        cwd=_ROOT,
        env=os.environ | _ENVIRONMENT,
    )
    if done.returncode:
        raise EngineError(
            f"vLLM cannot serve it ({next(iter(done.stderr.splitlines()[::-1]), 'it said nothing')})",
            field="model",
            value=str(model),
            remedy="On a CPU it serves float32 and w8a8, once `make install` has installed it.",
        )
    found = json.loads(done.stdout.splitlines()[-1])
    return Served(scores=tuple(np.array(row) for row in found["scores"]), seconds=found["seconds"])


def main() -> None:
    """Does what standard input says."""
    from vllm import SamplingParams
    from vllm.inputs import TokensPrompt

    told: dict[str, Any] = json.load(sys.stdin)
    llm, lora = _load(told["model"], told["adapter"])
    asked = [(request, continuation) for request in told["requests"] for continuation in request["continuations"]]
    prompts = [TokensPrompt(prompt_token_ids=[*request["prefix"], *continuation]) for request, continuation in asked]
    params = [
        SamplingParams(max_tokens=1, temperature=0, logprob_token_ids=request["labels"], detokenize=False)
        for request, _ in asked
    ]
    start = process_time()
    answers = iter(llm.generate(prompts, params, lora_request=lora, use_tqdm=False))
    seconds = process_time() - start
    scores = [
        [_log_odds(next(answers), request["labels"]) for _ in request["continuations"]] for request in told["requests"]
    ]
    print(json.dumps({"scores": scores, "seconds": seconds}))


def _load(model: str, adapter: dict[str, str] | None) -> tuple[Any, Any]:
    """The model, and what to name with a prompt so that the adapter answers too."""
    from vllm import LLM
    from vllm.lora.request import LoRARequest

    llm = LLM(
        model,
        dtype="float32",  # bfloat16 is unusably slow on a CPU without it
        enforce_eager=True,  # else it wants a C++ compiler
        kv_cache_memory_bytes=2**30,  # else most of the machine's memory
        block_size=32,  # prefixes are shared by the block, and a CPU's blocks would be of 128 tokens
        max_model_len=2048,
        skip_tokenizer_init=True,
        **({} if adapter is None else _room_for(Path(adapter["folder"]))),
    )
    if adapter is None:
        return llm, None
    # The prefix cache knows an adapter by name and path alone: its id is another one as soon as its content is.
    lora = LoRARequest(adapter["adapter_id"], 1, adapter["folder"])
    llm.llm_engine.add_lora(lora)  # else the first prompt would wait for it
    return llm, lora


def _room_for(adapter: Path) -> dict[str, Any]:
    """The lowest of the ranks that vLLM has which the adapter fits: what is left over is computed too."""
    from vllm.config.lora import MaxLoRARanks

    rank = read_json(adapter / SETTINGS)["r"]
    return {"enable_lora": True, "max_lora_rank": min(most for most in get_args(MaxLoRARanks) if most >= rank)}


def _log_odds(answer: Any, labels: Sequence[int]) -> float:
    yes, no = (answer.outputs[0].logprobs[0][label].logprob for label in labels)
    return float(yes - no)


if __name__ == "__main__":
    main()
