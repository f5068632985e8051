"""The rules at work: which users are asked about, what may be learnt from, what may be ranked."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from eval.config import ProtocolConfig
from eval.data.base import Benchmark
from retrieval.errors import DatasetError
from retrieval.log import InteractionLog
from retrieval.splits import Part, Split, global_time, last_basket, leave_one_out


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One user: what is right, and what may not be in the answer."""

    user_id: str
    relevant: tuple[str, ...]
    exclude: Collection[str]
    given: Collection[str]
    """All of them are ranked: what a system leaves out comes last, in the catalogue's order. Empty where none are."""


class Protocol:
    """A benchmark's rules applied to its data."""

    def __init__(self, config: ProtocolConfig, benchmark: Benchmark) -> None:
        """Raises DatasetError where the rules leave nobody to ask about, and for a given candidate that is not sold."""
        self._config = config
        self._given = benchmark.given if config.candidates == "given" else None
        self._catalogue = frozenset(item.item_id for item in benchmark.shop.catalogue)
        self._masked = masks(config)
        if config.candidates == "given" and benchmark.given is None:
            raise DatasetError(
                "this data gives no candidates",
                field="candidates",
                value="given",
                remedy="Use `candidates: catalogue`.",
            )
        self.split = _split(config, config.part, benchmark.shop.log)
        earlier = config.learn_from == "before-validation" and config.part == "test"
        self._validation = _split(config, "validation", benchmark.shop.log) if earlier else None
        self.users = self._some_users()
        self._check_given()

    @property
    def learnt(self) -> InteractionLog:
        """What systems are fitted on; they are asked with the histories of `split.train`."""
        return (self._validation or self.split).train

    def inner(self) -> Split:
        """What a model that joins others learns from: the newest held-out part before the one that is asked for."""
        return self._validation or inner_split(self._config, self.split.train)

    def question(self, user_id: str) -> Question:
        """What this user is asked. Candidates that are given are all ranked, those of the history too."""
        relevant = self.relevant(user_id)
        given = frozenset() if self._given is None else frozenset(relevant).union(self._given[user_id])
        exclude = self._catalogue.difference(given) if given else self._seen(user_id)
        return Question(user_id=user_id, relevant=relevant, exclude=exclude, given=given)

    def relevant(self, user_id: str) -> tuple[str, ...]:
        """What is right, without the rest of the question, which may hold most of the catalogue."""
        seen = self._seen(user_id)
        return tuple(item for item in self.split.targets[user_id] if item not in seen)

    def _seen(self, user_id: str) -> frozenset[str]:
        return frozenset(self.split.train.history(user_id).item_ids) if self._masked else frozenset()

    @property
    def rules(self) -> list[str]:
        """In words."""
        config = self._config
        held_out = {
            "leave-one-out": "each user's last interaction (test) or the one before it (validation) is held out",
            "last-basket": "each user's last basket (test) or the one before it (validation) is held out",
            "global-time": f"all interactions from {config.at} on are held out",
        }
        learnt = "all that came before it"
        if self._validation is not None:
            learnt = "what came before the validation part; only a blend's trees are learnt from that"
        ranked = {
            "catalogue": "every item of the catalogue is ranked",
            "given": f"{self._sizes()} given items are ranked, the right one among them; what is left out is last",
        }
        seen = {
            "masked": "items of the user's history are left out of the ranking",
            "allowed": "items of the user's history may be ranked: repeats count",
        }
        return [
            f"Split: {held_out[config.split]}; part: {config.part}.",
            f"Learnt from: {learnt}.",
            f"Candidates: {ranked[config.candidates]}" + (f"; {seen[config.seen]}." if self._given is None else "."),
            "Ties: interactions of one moment keep the file's order; items of equal score the catalogue's.",
            f"Users: {len(self.users):,}" + (", drawn at random." if config.users else "."),
        ]

    def _sizes(self) -> str:
        """How many candidates are given."""
        given = self._given or {}
        sizes = [len({*self.relevant(user), *given[user]}) for user in self.users] if given else [0]
        return f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"

    def _some_users(self) -> tuple[str, ...]:
        users = [user for user in sorted(self.split.targets) if self._given is None or user in self._given]
        if self._masked:
            users = [user for user in users if self.relevant(user)]
        if not users:
            raise DatasetError(
                "these rules leave no user to ask about",
                field="protocol",
                value=self._config.split,
                remedy="Hold out less: users need a history and something new after it.",
            )
        if self._config.users is not None:
            users = np.random.default_rng(self._config.seed).permutation(users)[: self._config.users].tolist()
        return tuple(sorted(users))

    def _check_given(self) -> None:
        for user, given in (self._given or {}).items():
            if unknown := set(given) - self._catalogue:
                raise DatasetError(
                    f"a candidate given to user {user!r} is not in the catalogue",
                    field="candidates",
                    value=min(unknown),
                    remedy="Candidates and catalogue are not of one release; get both again.",
                )


def masks(config: ProtocolConfig) -> bool:
    """Whether items of the history are left out: candidates that are given are all ranked."""
    return config.seen == "masked" and config.candidates == "catalogue"


def inner_split(config: ProtocolConfig, train: InteractionLog) -> Split:
    """What a model that joins others learns from: each user's newest basket, or interaction, of what may be learnt."""
    return last_basket(train, "test") if config.split == "last-basket" else leave_one_out(train, "test")


def _split(config: ProtocolConfig, part: Part, log: InteractionLog) -> Split:
    match config.split:
        case "leave-one-out":
            return leave_one_out(log, part)
        case "last-basket":
            return last_basket(log, part)
        case _:
            assert config.at is not None
            return global_time(log, config.at)
