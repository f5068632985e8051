"""Who is asked about, and what retrieval proposes to them: of the test part, and of the part before to learn from."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from eval.config import BlendSystemConfig, EvalConfig, SystemConfig
from eval.data.base import Benchmark
from eval.lift.config import LiftConfig
from eval.lift.halves import Halves
from eval.lift.opinions import WithOpinions
from eval.protocol import Protocol, inner_split, masks
from eval.systems import Systems
from retrieval.catalogue import Catalogue
from retrieval.errors import ConfigError
from retrieval.log import InteractionLog
from retrieval.records import Candidate, UserHistory
from retrieval.retrievers.base import Retriever


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One user before what is held out, and what retrieval proposes."""

    history: UserHistory
    candidates: tuple[Candidate, ...]
    relevant: frozenset[str]
    """What they then took."""

    @property
    def held(self) -> bool:
        """Whether the candidates hold any of it: else no order is better than another."""
        return any(candidate.item.item_id in self.relevant for candidate in self.candidates)


class Proposals:
    """The retrieval of one benchmark, asked for both parts."""

    def __init__(
        self, config: LiftConfig, benchmark: EvalConfig, data: Benchmark, progress: Progress, kept: Path
    ) -> None:
        """Raises ConfigError where the benchmark has no such system, or its rules no part to learn from."""
        self._config, self._benchmark, self._progress, self._kept = config, benchmark, progress, kept
        self._of = _system(benchmark, config.of, "of")
        self._data, self.protocol = data, Protocol(benchmark.protocol, data)
        self.inner = self.protocol.inner()
        """What is learnt from."""
        self.systems = self._fitted_on(self.protocol.learnt)
        """Those that answer the test part."""

    @property
    def catalogue(self) -> Catalogue:
        """What is ranked."""
        return self._data.shop.catalogue

    def test(self) -> list[Asked]:
        """Every user of the test part."""
        retriever = WithOpinions(self.systems.open(self._of, self._config.seed).retriever, self._others(self.systems))
        train = self.protocol.split.train
        return [
            self._ask(retriever, train.history(user), question.relevant, question.given, question.exclude)
            for user in self._progress.track(self.protocol.users, description="candidates, test")
            for question in [self.protocol.question(user)]
        ]

    def learners(self) -> list[Asked]:
        """Every user of the part before, asked of retrieval that knows nothing of what they then took.

        Where candidates are given, those whom they are given to.
        """
        retriever, given_to = self._retriever_of_learners(), self._given_to()
        catalogue = {item.item_id for item in self.catalogue}
        users = sorted(self.inner.targets if given_to is None else given_to.keys() & self.inner.targets.keys())
        found = []
        for user in self._progress.track(users, description="candidates, learners"):
            history, targets = self.inner.train.history(user), self.inner.targets[user]
            seen = set(history.item_ids) if masks(self._benchmark.protocol) else set()
            relevant = [item for item in targets if item not in seen]
            given = frozenset() if given_to is None else frozenset(relevant).union(given_to[user])
            exclude = catalogue - given if given else seen
            if relevant:
                found.append(self._ask(retriever[user], history, relevant, given, exclude))
        return found

    def _ask(
        self,
        retriever: Retriever,
        history: UserHistory,
        relevant: Iterable[str],
        given: Collection[str],
        exclude: Collection[str],
    ) -> Asked:
        found = retriever.retrieve(history, self._config.reranker.candidates, exclude=exclude)
        return Asked(history=history, candidates=(*found, *self._left_out(found, given)), relevant=frozenset(relevant))

    def _left_out(self, found: tuple[Candidate, ...], given: Collection[str]) -> list[Candidate]:
        """Given candidates that retrieval does not propose come last, in the catalogue's order."""
        proposed = {candidate.item.item_id for candidate in found}
        left = sorted(set(given) - proposed, key=self.catalogue.position)
        least = found[-1].score if found else 0.0
        return [
            Candidate(item=self.catalogue[item_id], score=least - number, source="given", rank=len(found) + number)
            for number, item_id in enumerate(left, start=1)
        ]

    def _given_to(self) -> Mapping[str, Collection[str]] | None:
        return self._data.given if self._benchmark.protocol.candidates == "given" else None

    def _retriever_of_learners(self) -> Mapping[str, Retriever]:
        """By user: a blend's trees have learnt from the other half of them."""
        earlier = self.systems if self.inner.train is self.protocol.learnt else self._fitted_on(self.inner.train)
        others = self._others(earlier)
        match self._of.answers:
            case BlendSystemConfig() as blended:
                halves = self._halves(blended, earlier)
                return {user: WithOpinions(half, others) for user, half in halves.items()}
            case _:
                retriever = earlier.open(self._of, self._config.seed).retriever
                return dict.fromkeys(self.inner.targets, WithOpinions(retriever, others))

    def _halves(self, blended: BlendSystemConfig, earlier: Systems) -> Mapping[str, Retriever]:
        by_name = {system.name: system for system in self._benchmark.systems}
        sources = {name: earlier.open(by_name[name], self._seed(by_name[name])).retriever for name in blended.of}
        made_of = self._benchmark.model_dump_json(include={"systems", "protocol"})
        repeats = not masks(self._benchmark.protocol)
        halves = Halves(blended, self.inner, sources, self.catalogue, earlier.vectors, self._config.seed, repeats)
        return halves.fitted(made_of, self._kept / "fitted", self._progress)

    def _others(self, systems: Systems) -> list[Retriever]:
        also = [_system(self._benchmark, name, "also") for name in self._config.also]
        return [systems.open(system, self._seed(system)).retriever for system in also]

    def _seed(self, system: SystemConfig) -> int:
        return self._config.seed if self._config.seed in system.seeds else system.seeds[0]

    def _fitted_on(self, log: InteractionLog) -> Systems:
        rules = self._benchmark.protocol
        inner = self.protocol.inner if log is self.protocol.learnt else lambda: inner_split(rules, log)
        return Systems(self._benchmark, self.catalogue, log, inner, self._progress, self._kept)


def _system(benchmark: EvalConfig, name: str, field: str) -> SystemConfig:
    for system in benchmark.systems:
        if system.name == name:
            return system
    raise ConfigError(
        "the benchmark has no such system",
        field=field,
        value=name,
        remedy=f"Name one of {[system.name for system in benchmark.systems]}.",
    )
