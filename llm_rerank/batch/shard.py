"""One shard of a job: its users ranked and written, however often the engine dies meanwhile."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock
from time import monotonic
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from llm_rerank.batch.config import BatchConfig
from llm_rerank.batch.histories import own_history
from llm_rerank.batch.rankings import write_rankings
from llm_rerank.batch.rejects import Reject, write_rejects
from llm_rerank.batch.split import users_of
from llm_rerank.batch.users import BatchUser
from llm_rerank.ranking import Ranking
from llm_rerank.recommender import Recommender
from llm_rerank.request import RankingRequest
from llm_rerank.terms import Terms
from retrieval.errors import CancelledError, EngineError
from retrieval.once import WORK
from retrieval.records import UserHistory

_AHEAD: Final = 2  # while the model scores one group of users, the next is retrieved and turned into tokens
_TRIES: Final = 3
_PAUSE: Final = 2.0  # seconds between looks at an engine that does not answer
_AFTER_PEOPLE: Final = 900  # who wait, where the engine answers them too
_NOBODY: Final = RankingRequest(history=UserHistory(user_id="nobody"), top_n=1)


def rankings_file(out: Path, shard: int) -> Path:
    """Where its rankings are; once this is there, the shard is done."""
    return out / f"rankings-{shard:05}.parquet"


def is_done(out: Path, shard: int) -> bool:
    """Whether its rankings are there, and whole: of what a machine wrote last that lost its power, nobody knows."""
    try:
        pq.read_metadata(rankings_file(out, shard))
    except (OSError, pa.ArrowException):
        return False
    return rejects_file(out, shard).exists()


def rejects_file(out: Path, shard: int) -> Path:
    """Where those of its rows are of which nothing came, until the job is finished."""
    return out / WORK / f"rejects-{shard:05}.jsonl"


class ShardRanker:
    """One shop and one engine, which rank shard after shard."""

    def __init__(self, recommender: Recommender, config: BatchConfig) -> None:
        self._recommender, self._config = recommender, config
        self._one_by_one = Lock()

    def rank(self, out: Path, shard: int, *, on_users: Callable[[int], object]) -> None:
        """Writes the shard's two files; `on_users` hears how many more users are done.

        Raises EngineError where the engine does not come back in time. Whatever interrupts it, what is under way ends.
        """
        requests: dict[int, RankingRequest] = {}
        rejects: list[Reject] = []
        for row in users_of(out / WORK, shard):
            assert row.user is not None
            if unknown := self._unknown(row.user):
                rejects.append(Reject(row=row.number, user_id=row.user.user_id, reason=unknown))
            else:
                requests[row.number] = self._request(row.user)
        answers = self._answers(requests, on_users)
        on_users(len(rejects))
        rejects += [
            Reject(row=row, user_id=requests[row].history.user_id, reason=answer)
            for row, answer in answers.items()
            if isinstance(answer, str)
        ]
        ranked = {row: answer for row, answer in answers.items() if isinstance(answer, Ranking)}
        if answers and not ranked:  # it is not they who are wrong
            why = next(answer for answer in answers.values() if isinstance(answer, str))
            raise EngineError(f"the model answers for nobody of shard {shard}: {why}")
        write_rejects(rejects_file(out, shard), sorted(rejects, key=lambda reject: reject.row))
        known = [len(requests[row].history.item_ids) for row in ranked]
        write_rankings(rankings_file(out, shard), list(ranked.values()), known)

    def close(self) -> None:
        """Lets go of the model."""
        self._recommender.close()

    def _unknown(self, user: BatchUser) -> str:
        catalogue = self._recommender.shop.catalogue
        unknown = next((item_id for item_id in user.item_ids or () if item_id not in catalogue), None)
        return "" if unknown is None else f"item_ids: the catalogue has no {unknown!r}"

    def _request(self, user: BatchUser) -> RankingRequest:
        return RankingRequest(
            history=self._history(user),
            item_ids=None if user.item_ids is None else tuple(user.item_ids),
            top_n=self._config.top_n,
            explained=self._config.explained,
            language=self._config.language,
        )

    def _history(self, user: BatchUser) -> UserHistory:
        log = self._recommender.shop.log
        if user.history is not None:
            history = own_history(user)
        elif user.user_id in log:
            history = log.history(user.user_id)
        else:
            history = UserHistory(user_id=user.user_id)
        return UserHistory(user_id=user.user_id, interactions=history.interactions[-self._config.history :])

    def _answers(
        self, requests: dict[int, RankingRequest], on_users: Callable[[int], object]
    ) -> dict[int, Ranking | str]:
        """By row: a ranking, or why there is none."""
        # Those who are scored together are alike in length, and fill the engine's passes.
        rows = sorted(requests, key=lambda row: (-len(requests[row].history.interactions), row))
        groups = [
            rows[start : start + self._config.users_at_once]
            for start in range(0, len(rows), self._config.users_at_once)
        ]
        found: dict[int, Ranking | str] = {}
        cancel = Event()
        pool = ThreadPoolExecutor(_AHEAD, "ranking")
        try:
            asked = [[requests[row] for row in group] for group in groups]
            for group, answers in zip(groups, pool.map(lambda one: self._group(one, cancel), asked), strict=True):
                found.update(zip(group, answers, strict=True))
                on_users(len(group))
        except BaseException:
            cancel.set()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        return {row: found[row] for row in requests}

    def _group(self, requests: Sequence[RankingRequest], cancel: Event) -> Sequence[Ranking | str]:
        try:
            return self._recommender.recommend_all(requests, self._terms(cancel))
        except CancelledError:
            raise
        except EngineError:  # of one of them, or of all
            with self._one_by_one:  # whom the engine dies of is nobody else's end
                return [self._alone(request, cancel) for request in requests]

    def _alone(self, request: RankingRequest, cancel: Event) -> Ranking | str:
        """Why there is none, where the model answers others and fails whenever it is asked this."""
        why = ""
        for tried in range(_TRIES):
            if tried:
                cancel.wait(_PAUSE)  # it may have had too much to do
            self._wait_until_it_answers(cancel)
            try:
                return self._recommender.recommend_all([request], self._terms(cancel))[0]
            except CancelledError:
                raise
            except EngineError as err:
                why = str(err)
        return why

    def _wait_until_it_answers(self, cancel: Event) -> None:
        """Anybody at all."""
        latest = monotonic() + self._config.patience_seconds
        while not cancel.is_set():
            try:
                self._recommender.recommend_all([_NOBODY], self._terms(cancel))
                return
            except CancelledError:
                raise
            except EngineError:
                if monotonic() > latest:
                    raise
                cancel.wait(_PAUSE)
        raise CancelledError("the job was stopped")

    def _terms(self, cancel: Event) -> Terms:
        return Terms(instruction=self._config.instruction, cancel=cancel, priority=_AFTER_PEOPLE)
