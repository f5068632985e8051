"""A bounded queue keeps its bound."""

import asyncio

from llm_rerank.deadline import Deadline
from llm_rerank.service.admission import Admission
from llm_rerank.service.errors import ApiError


def test_those_who_come_together_are_counted_too() -> None:
    async def crowd() -> list[int]:
        admission = Admission(at_once=1, waiting=1)

        async def one() -> int:
            try:
                async with admission.admitted(Deadline(20_000)):
                    await asyncio.sleep(0.01)
                    return 200
            except ApiError as err:
                return err.status

        return await asyncio.gather(*(one() for _ in range(5)))

    assert asyncio.run(crowd()) == [200, 200, 429, 429, 429]
