"""A job that says when it has ranked somebody, so that it can be killed then. Arguments: settings, users, folder."""

import sys
from pathlib import Path

from llm_rerank.batch.config import BatchConfig
from llm_rerank.batch.here import rank_here
from llm_rerank.batch.job import Job


class Says:
    def reads(self, users: int) -> None:
        pass

    def ranks(self, users: int, *, of: int) -> None:
        print(users, of, flush=True)


if __name__ == "__main__":
    settings, users, out = map(Path, sys.argv[1:])
    config = BatchConfig.model_validate_json(settings.read_text())
    Job(config=config, users=users, out=out).run(rank_here, Says())
