"""The writer's training job: from a shop's log to an adapter that writes."""

from hashlib import sha256
from pathlib import Path
from typing import Final

import torch
from rich.progress import Progress

from finetune.training.adapter import Assignment, begun_with
from finetune.training.job import carry_out
from finetune.training.lesson import Lesson
from finetune.training.scorer import Adapted, open_adapted
from finetune.writer.config import WriterConfig
from finetune.writer.lesson import PackedWriter, WritingLesson
from finetune.writer.pairs import train_and_validation
from llm_rerank.adapters import Adapter
from llm_rerank.explanations.asking import writer_prompt
from llm_rerank.models import prepare_model
from llm_rerank.prompt import Prompt
from llm_rerank.tokenizer import ChatTokenizer
from retrieval.shop import ShopData

_PROBED: Final = 20
"""Pairs that name what is learnt from: other data or another grammar would change them."""


def train_writer(config: WriterConfig, shop: ShopData, folder: Path, progress: Progress) -> Adapter:
    """Trains an adapter that writes to `folder`/adapter: see finetune.training.job.carry_out."""
    base = prepare_model(config.model, say=progress.console.print)

    assignment = Assignment(
        config=config,
        base=base,
        prompt=writer_prompt(),
        made_from=_made_from(config, shop),
        measure=WritingLesson.measure,
        begun_with=begun_with(config, base, writer_prompt()),
    )

    def opening(device: torch.device) -> tuple[Lesson, Adapted]:
        tokenizer = ChatTokenizer.load(base.folder)
        lesson = WritingLesson(config, shop, Prompt(tokenizer), tokenizer)
        return lesson, PackedWriter(open_adapted(config, base, device, begun_with=assignment.begun_with))

    return carry_out(assignment, opening, folder, progress)


def _made_from(config: WriterConfig, shop: ShopData) -> str:
    """Changes with the log, and with what is said of it."""
    pairs, _ = train_and_validation(config, shop)
    texts = [text for number in range(_PROBED) for text in pairs.at(number).texts]
    return sha256("\n".join([shop.fingerprint, *texts]).encode("utf-8", "backslashreplace")).hexdigest()[:16]
