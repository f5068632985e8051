"""The lesson that makes a writer: after the facts comes the text, token by token."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from finetune.training.scorer import Adapted
from finetune.training.share import Share
from finetune.training.steps import Step
from finetune.writer.config import WriterConfig
from finetune.writer.pairs import Pair, train_and_validation
from llm_rerank.engines.base import ScoringRequest
from llm_rerank.engines.packing import Pack
from llm_rerank.explanations.writer import writing_request
from llm_rerank.prompt import Prompt
from llm_rerank.tokenizer import Tokenizer
from retrieval.shop import ShopData


class PackedWriter(Adapted):
    """Log-probabilities of given tokens."""

    def forward(self, packed: Pack, rows: Tensor) -> Tensor:
        """Of the token behind each of the rows, shape (len(rows),), float32."""
        logits = self.causal.get_output_embeddings()(self.hidden(packed, rows)).float()
        following = packed.input_ids[0, rows + 1]
        found: Tensor = -torch.nn.functional.cross_entropy(logits, following, reduction="none")
        return found


class WritingLesson:
    """Teaches what the grammar says of a shop's facts."""

    measure = "likelihood"
    """Of a token of the text, in geometric mean."""

    def __init__(self, config: WriterConfig, shop: ShopData, prompt: Prompt, tokenizer: Tokenizer) -> None:
        self._config, self._prompt, self._tokenizer = config, prompt, tokenizer
        self._train, self._kept = train_and_validation(config, shop)
        self.steps = config.steps

    def load(self, first: int, share: Share) -> Iterator[Step]:
        """See Lesson.load."""
        count = self._config.facts_per_step
        for number in range(first, self.steps):
            requests = [self._request(self._train.at(number * count + place)) for place in range(count)]
            yield Step(number=number, passes=share.passes(requests, self._config.tokens_per_pass), lists=count)

    def validation(self) -> Sequence[ScoringRequest]:
        """See Lesson.validation."""
        if self._kept is None:
            return []
        return [self._request(self._kept.at(number)) for number in range(self._config.validation_facts)]

    def judge(self, model: PackedWriter, packed: Pack, requests: Sequence[ScoringRequest]) -> tuple[Tensor, Tensor]:
        """See Lesson.judge. Each request counts alike, however long its texts."""
        lengths = [[len(text) - 1 for text in request.continuations] for request in requests]
        ends = zip(packed.last_rows.tolist(), (length for of_request in lengths for length in of_request), strict=True)
        rows = torch.cat([torch.arange(end - length, end) for end, length in ends])
        found = model(packed, rows.to(packed.last_rows.device))
        means = torch.stack([each.mean() for each in torch.split(found, [sum(of_request) for of_request in lengths])])
        return -means, means.detach().exp()

    def _request(self, pair: Pair) -> ScoringRequest:
        """Facts as the prefix, up to the last token, which predicts the text's first; then the texts, to their end."""
        *before, last = writing_request(pair.facts, self._config.language, self._prompt).prompt
        end = tuple(sorted(self._tokenizer.end_ids))[:1]
        texts = tuple((last, *self._tokenizer.encode(text), *end) for text in pair.texts)
        return ScoringRequest(prefix=tuple(before), continuations=texts, labels=(last,))
