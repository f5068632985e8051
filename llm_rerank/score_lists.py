"""Scores many users' lists in one go, on a machine that has the model and nothing else of the shop.

    python -m llm_rerank.score_lists --config CONFIG --lists lists.parquet --items items.parquet --out scores.parquet

`--lists` has a row a user: `user_id`, `history` (distinct item ids, oldest first), `times` (how often each) and
`candidates` (item ids). `--items` has `item_id` and `title`. The answer has `user_id`, `candidates` and `scores`.
"""

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import pyarrow
import pyarrow.parquet

from llm_rerank.config import RerankerConfig
from llm_rerank.counted import counted_history
from llm_rerank.opening import open_reranker
from llm_rerank.reranker import Query, Reranker
from retrieval.catalogue import Catalogue
from retrieval.config import read_config
from retrieval.errors import DatasetError, LlmRerankError
from retrieval.files import DAMAGES, write_whole
from retrieval.progress import showing_progress
from retrieval.records import Item

_AT_ONCE = 256  # lists whose prompts are held at a time


def score_lists(reranker: Reranker, lists: pyarrow.Table, track: Any) -> pyarrow.Table:
    """The lists with a score for every candidate, higher is better."""
    scores: list[list[float]] = []
    for start in track(range(0, lists.num_rows, _AT_ONCE)):
        rows = lists.slice(start, _AT_ONCE).to_pylist()
        queries = [_query(row, reranker.catalogue) for row in rows]
        scores += [of_list.tolist() for of_list in reranker.score(queries)]
    column = pyarrow.array(scores, pyarrow.list_(pyarrow.float32()))
    return lists.select(["user_id", "candidates"]).append_column("scores", column)


def _query(row: dict[str, Any], catalogue: Catalogue) -> Query:
    history = counted_history(row["user_id"], row["history"], row["times"])
    return Query(history=history, items=tuple(catalogue[item_id] for item_id in row["candidates"]))


def _read(path: Path, *columns: str) -> pyarrow.Table:
    try:
        return pyarrow.parquet.read_table(path, columns=list(columns)).select(list(columns))
    except (*DAMAGES, LookupError, pyarrow.ArrowException) as err:
        raise DatasetError(
            f"it is missing, damaged or lacks one of the columns {', '.join(columns)}",
            field="file",
            value=str(path),
            remedy="Give a Parquet file with these columns.",
        ) from err


def main() -> None:
    """Scores the lists of one file."""
    parser = argparse.ArgumentParser(
        prog="python -m llm_rerank.score_lists",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, required=True, help="a YAML file: model, adapter, prompt")
    parser.add_argument("--lists", type=Path, required=True, help="whom to score what for")
    parser.add_argument("--items", type=Path, required=True, help="the items' titles")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    given = parser.parse_args()
    try:
        items = _read(given.items, "item_id", "title").to_pylist()
        catalogue = Catalogue(Item(item_id=row["item_id"], title=row["title"] or "") for row in items)
        lists = _read(given.lists, "user_id", "history", "times", "candidates")
        with showing_progress() as progress:
            config = read_config(given.config, RerankerConfig)
            reranker = open_reranker(config, catalogue, say=progress.console.print)
            start = perf_counter()
            scored = score_lists(reranker, lists, partial(progress.track, description="scoring"))
            seconds = perf_counter() - start
        write_whole(given.out, lambda part: pyarrow.parquet.write_table(scored, part))
    except LlmRerankError as err:
        sys.exit(f"llm_rerank.score_lists: {err}")
    candidates = len(scored["candidates"].combine_chunks().values)
    print(json.dumps({"lists": lists.num_rows, "candidates": candidates, "seconds": round(seconds, 1)}))


if __name__ == "__main__":
    main()
