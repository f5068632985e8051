"""What a training is told."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from llm_rerank.models import DEFAULT_MODEL
from llm_rerank.prompt import LETTERS, PromptConfig
from llm_rerank.ranking import Method
from llm_rerank.served import AdapterSetting
from retrieval.settings import Settings


class LoraSettings(Settings):
    """The adapter: low-rank additions to every linear layer but the output's (Hu et al. 2021)."""

    rank: PositiveInt = 16
    """Its rank. vLLM serves 1, 8, 16, 32, 64 and up; between them it pads."""

    alpha: PositiveFloat = 32
    """Its scale: what it adds is multiplied by alpha / rank, with `rslora` by alpha / sqrt(rank)."""

    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Of what goes into it."""

    rslora: bool = False
    """Rank-stabilised scale (Kalajdzievski 2023): for high ranks."""


class NegativesConfig(Settings):
    """How many of each kind compete with the target; drawn anew in every epoch from those that the examples hold."""

    hits: NonNegativeInt = 6
    """What retrieval proposed: the competitors that are met in service."""

    popular: NonNegativeInt = 1
    """Drawn by popularity."""

    random: NonNegativeInt = 2
    """Any items."""

    @property
    def count(self) -> int:
        """Of all kinds."""
        return self.hits + self.popular + self.random

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.count < 1:
            raise ValueError(
                "negatives: a list needs at least one item beside its target; raise hits, popular or random"
            )
        return self


class ReplayConfig(Settings):
    """Earlier examples among the new ones, so that what was learnt of them is not forgotten."""

    examples: Path
    """The folder that they lie in."""

    share: float = Field(default=0.5, gt=0, lt=1)
    """Theirs of all lists."""


class AdapterTraining(Settings):
    """What every training of an adapter is told."""

    model: str = DEFAULT_MODEL
    """The base: the embedded default, a local folder, or a hub model by name."""

    quantized_base: Literal["nf4"] | None = None
    """nf4: the base in four bits while the adapter learns (QLoRA), for a model that is large for its GPU; it is served
    on the base as it is. CUDA only."""

    lora: LoraSettings = LoraSettings()
    """The adapter's form."""

    begin_with: AdapterSetting | None = None
    """An adapter of this base, prompt and form to learn on from: its folder, or what is live in a registry's channel;
    none: a fresh one. It counts as a first validation, so that what comes is no worse by that measure. Who validates
    should not have taught it: examples of the same seed and share keep the same users."""

    tokens_per_pass: PositiveInt = 4096
    """Bounds the memory: a step is as many forward passes as it needs."""

    learning_rate: PositiveFloat = 5e-4
    """Its bound: up in a line over `warmup_steps`, and from the first step on down in half a cosine. A warm-up that is
    long beside the training ends well below it: at 85 % where it is a quarter of all steps."""

    warmup_steps: NonNegativeInt = 50
    """Steps of the line."""

    weight_decay: float = Field(default=0.0, ge=0)
    """AdamW's."""

    clip: PositiveFloat = 1.0
    """The gradient's norm at most."""

    validate_every: PositiveInt = 200
    """Steps between validations. A checkpoint is kept with each, and every minute between."""

    patience: PositiveInt = 5
    """Validations without a better one until training stops."""

    gradient_checkpointing: bool = False
    """Compute activations again instead of keeping them: a third more time, a fraction of the memory."""

    seed: int = Field(default=0, ge=0)
    """Where every random number comes from."""


class TrainingConfig(AdapterTraining):
    """From examples to an adapter that scores."""

    examples: Path
    """The folder that `llm-rerank examples` wrote."""

    prompt: PromptConfig = PromptConfig()
    """What the model is asked; the adapter is only served with the same."""

    method: Method = "packed"
    """How candidates are scored; the adapter is only served with the same. packed: each answers yes or no. letters: the
    list is one prompt and its answer a letter (LlamaRec, Yue et al. 2023); chance says which candidate has which."""

    negatives: NegativesConfig = NegativesConfig()
    """Who competes with the target."""

    replay: ReplayConfig | None = None
    """Where `examples` are what came since an adapter was trained, and training goes on from that."""

    loss: Literal["softmax", "lambdarank", "distillation"] = "softmax"
    """softmax: cross-entropy of the target among the list (ListNet with one relevant item). lambdarank: pairs weighted
    by what swapping them changes in NDCG (Burges 2010). distillation: KL divergence from what a teacher thinks of the
    list, whatever came next (Hinton et al. 2015), over examples that `llm-rerank teach` had scored."""

    beside: Literal["retrieval"] | None = None
    """retrieval: to the score of every candidate is added what its rank in retrieval says, while the model learns and
    validates, so that it learns what retrieval does not know: for a fusion, not to rank by itself. None: it learns all
    by itself."""

    targets: Literal["any", "retrieved"] = "any"
    """retrieved: only examples whose target retrieval proposed too, since in service nothing else is asked about."""

    lists_per_user: PositiveInt | None = None
    """How many of a user's examples an epoch has: some that follow each other, drawn anew; none: all. Those of one user
    share most of a prompt and are cheap together; those of many users teach more each."""

    lists_per_step: PositiveInt = 32
    """Lists, of all processes together, before the weights change."""

    epochs: PositiveFloat = 1.0
    """How often the examples are gone through; a part of one is allowed."""

    steps: PositiveInt | None = None
    """How many steps, however many examples there are; none: as `epochs` says."""

    validation_lists: NonNegativeInt = 500
    """Lists of validation users that are ranked every `validate_every` steps; 0: none, and the last weights count."""

    workers: NonNegativeInt = 0
    """Processes that write the prompts of the steps to come, so that a GPU need not wait; 0: training itself does."""

    @model_validator(mode="after")
    def _has_one_length(self) -> Self:
        if self.steps is not None and self.epochs != 1.0:
            raise ValueError(f"steps: {self.steps} and epochs: {self.epochs} both say how long; leave one of them out")
        return self

    @model_validator(mode="after")
    def _is_told_by_one(self) -> Self:
        if self.beside is not None and self.loss == "distillation":
            raise ValueError(
                f"beside: {self.beside}, while the loss is what a teacher thinks of all; leave one of them out"
            )
        return self

    @model_validator(mode="after")
    def _can_be_lettered(self) -> Self:
        if self.method != "letters":
            return self
        if self.loss == "distillation":
            raise ValueError(
                "loss: distillation needs a teacher's scores, which are packed; with letters take softmax or lambdarank"
            )
        if self.negatives.count >= len(LETTERS):
            raise ValueError(
                f"negatives: {self.negatives.count} and their target are more than the {len(LETTERS)} letters; "
                "ask for fewer, or set method: packed"
            )
        return self
