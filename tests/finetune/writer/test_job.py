"""A writer of two thousand weights: it learns its texts by heart, and forgets nothing when it is stopped."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.progress import Progress

from finetune.training.config import LoraSettings
from finetune.training.job import BEGUN, CHECKPOINT, CURVE
from finetune.training.scorer import open_adapted
from finetune.training.share import Share
from finetune.writer.config import WriterConfig
from finetune.writer.job import train_writer
from finetune.writer.lesson import PackedWriter, WritingLesson
from llm_rerank.adapters import Adapter
from llm_rerank.engines.packing import pack
from llm_rerank.explanations.asking import writer_prompt
from llm_rerank.explanations.writer import writing_request
from llm_rerank.models import PreparedModel
from llm_rerank.prompt import Prompt, PromptConfig
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.datasets.base import CompleteJourneyConfig
from retrieval.errors import ModelError, TrainingError
from retrieval.shop import ShopData

CPU = torch.device("cpu")
Train = Callable[..., Adapter]


def configured(tiny: PreparedModel, **others: object) -> WriterConfig:
    usual = {
        "dataset": CompleteJourneyConfig(),
        "model": str(tiny.folder),
        "lora": LoraSettings(rank=4, alpha=8),
        "steps": 6,
        "facts_per_step": 2,
        "learning_rate": 0.02,
        "warmup_steps": 1,
        "validation_facts": 3,
        "validate_every": 3,
    }
    return WriterConfig.model_validate(usual | others)


@pytest.fixture
def lesson(tiny: PreparedModel, shop: ShopData) -> WritingLesson:
    tokenizer = ChatTokenizer.load(tiny.folder)
    return WritingLesson(configured(tiny), shop, Prompt(tokenizer), tokenizer)


@pytest.fixture
def train(tiny: PreparedModel, shop: ShopData, tmp_path: Path) -> Train:
    def run(folder: str = "one", **others: object) -> Adapter:
        return train_writer(configured(tiny, **others), shop, tmp_path / folder, Progress(disable=True))

    return run


def test_what_is_learnt_is_asked_as_in_service(lesson: WritingLesson, tiny: PreparedModel) -> None:
    tokenizer = ChatTokenizer.load(tiny.folder)
    step = next(lesson.load(0, Share()))
    for number, request in enumerate(one for group in step.passes for one in group):
        pair = lesson._train.at(number)
        served = writing_request(pair.facts, "en", Prompt(tokenizer))
        for text, continuation in zip(pair.texts, request.continuations, strict=True):
            end = (min(tokenizer.end_ids),)
            assert request.prefix + continuation == served.prompt + tokenizer.encode(text) + end


def test_the_loss_is_that_of_each_text_in_a_prompt_of_its_own(lesson: WritingLesson, tiny: PreparedModel) -> None:
    writer = PackedWriter(open_adapted(configured(tiny), tiny, CPU))
    requests = [request for group in next(lesson.load(0, Share())).passes for request in group]
    losses, gains = lesson.judge(writer, pack(requests, query_heads=4, device=CPU), requests)
    for loss, request in zip(losses.tolist(), requests, strict=True):
        alone = []
        for text in request.continuations:
            ids = torch.tensor([[*request.prefix, *text]])
            writer.causal.config._attn_implementation = "sdpa"
            found = writer.causal(input_ids=ids).logits[0, len(request.prefix) : -1].log_softmax(-1)
            alone += found.gather(1, ids[0, len(request.prefix) + 1 :, None]).flatten().tolist()
        assert loss == pytest.approx(-sum(alone) / len(alone), abs=1e-4)
    assert gains.tolist() == pytest.approx((-losses).exp().tolist())


def test_processes_share_a_step(lesson: WritingLesson) -> None:
    whole = [one for group in next(lesson.load(3, Share())).passes for one in group]
    parts = [next(lesson.load(3, Share(rank=rank, world=2))) for rank in range(2)]
    assert [one for part in parts for group in part.passes for one in group] == whole
    assert {part.lists for part in parts} == {2}


def test_it_learns_and_its_adapter_is_one_that_writes(train: Train, tmp_path: Path, tiny: PreparedModel) -> None:
    adapter = train()
    losses = json.loads((tmp_path / "one" / CURVE).read_text(encoding="ascii"))["losses"]
    assert losses[-1] < losses[0] - 0.3
    assert set(adapter.metrics) == {"steps", "seconds", "validation_likelihood"}
    adapter.require(tiny, writer_prompt())
    with pytest.raises(ModelError, match="trained with another prompt"):
        adapter.require(tiny, PromptConfig())
    assert not (tmp_path / "one" / CHECKPOINT).exists()
    assert train() == adapter  # finished: nothing is trained again


def test_without_users_to_validate_on_the_last_weights_count(
    tiny: PreparedModel, shop: ShopData, tmp_path: Path
) -> None:
    few = shop.log.where(shop.log.frame["user_id"].isin(shop.log.user_ids[:4]).to_numpy())
    adapter = train_writer(configured(tiny), replace(shop, log=few), tmp_path / "few", Progress(disable=True))
    assert set(adapter.metrics) == {"steps", "seconds"}
    assert adapter.metrics["steps"] == 6


def test_stopped_and_gone_on_with_it_ends_with_the_same_bytes(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finetune.training.loop._UNKEPT_SECONDS", 0)
    steps = WritingLesson.load

    def stopping(self: WritingLesson, first: int, share: Share) -> object:
        for step in steps(self, first, share):
            if step.number == 4:
                raise KeyboardInterrupt
            yield step

    monkeypatch.setattr(WritingLesson, "load", stopping)
    with pytest.raises(KeyboardInterrupt):
        train("stopped")
    assert (tmp_path / "stopped" / CHECKPOINT).exists()
    monkeypatch.setattr(WritingLesson, "load", steps)
    assert train("stopped").adapter_id == train("whole").adapter_id


def test_another_training_in_the_folder_is_refused(train: Train, tmp_path: Path) -> None:
    train()
    with pytest.raises(TrainingError, match="another training"):
        train(seed=1)
    assert (tmp_path / "one" / BEGUN).exists()
