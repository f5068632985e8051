"""What the training of a writer is told."""

from pydantic import NonNegativeInt, PositiveInt

from finetune.training.config import AdapterTraining
from llm_rerank.ranking import Language
from retrieval.datasets.base import DatasetConfig


class WriterConfig(AdapterTraining):
    """From a shop's log to an adapter that writes."""

    dataset: DatasetConfig
    """The shop's data. All of its log is learnt from: for a benchmark, leave out what it asks about."""

    language: Language = "en"
    """What it learns to write in; the base should know the language."""

    steps: PositiveInt = 100
    """How often the weights change. No facts come twice."""

    facts_per_step: PositiveInt = 8
    """Sets of facts, of all processes together, before the weights change."""

    texts: PositiveInt = 2
    """Texts for each set of facts: a second one costs no prompt."""

    history_items: PositiveInt = 20
    """Distinct items of a history, the newest, that may be cited."""

    validation_users: PositiveInt = 200
    """Users of whose facts nothing is learnt, every fifth at most; of fewer than five users none is kept, and the
    last weights count."""

    validation_facts: NonNegativeInt = 50
    """Sets of such facts that the weights are judged by every `validate_every` steps; 0: the last weights count."""
