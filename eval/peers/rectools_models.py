"""RecTools' SASRec and HSTU on an exported benchmark. Runs in its own environment and imports nothing of ours.

python eval/peers/rectools_models.py --model sasrec --data var/peers/beauty
"""

import argparse
import gzip
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from pytorch_lightning import Trainer, seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import HSTUModel, SASRecModel


def main() -> None:
    """Trains a model and writes MODEL.jsonl.gz beside the data."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=("sasrec", "hstu"), required=True)
    parser.add_argument("--data", type=Path, required=True, help="a folder that eval.export wrote")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--dimension", type=int, default=64)
    parser.add_argument("--dropout", type=float, default=0.4)
    parser.add_argument("--window", type=int, default=20, help="how many of the last interactions are read")
    parser.add_argument("--negatives", type=int, default=256, help="random wrong items a step; 0: the whole catalogue")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    seed_everything(given.seed, workers=True)
    learnt, histories = read(given.data / "learnt.jsonl.gz"), read(given.data / "histories.jsonl.gz")
    asked = json.loads((given.data / "asked.json").read_text(encoding="utf-8"))
    settings = {
        "n_factors": given.dimension,
        "n_blocks": 2,
        "n_heads": 2,
        "dropout_rate": given.dropout,
        "session_max_len": given.window,
        **({"loss": "sampled_softmax", "n_negatives": given.negatives} if given.negatives else {"loss": "softmax"}),
        "lr": 1e-3,
        "batch_size": 128,
        "verbose": 1,
        "get_trainer_func": lambda: Trainer(
            max_epochs=given.epochs, deterministic=True, logger=False, enable_checkpointing=False
        ),
    }
    model = SASRecModel(**settings) if given.model == "sasrec" else HSTUModel(**settings, relative_time_attention=False)
    start = time.perf_counter()
    model.fit(Dataset.construct(learnt))
    print(f"trained in {time.perf_counter() - start:.0f} s")
    known = histories[histories[Columns.Item].isin(learnt[Columns.Item])]
    found = model.recommend(
        users=asked["users"], dataset=Dataset.construct(known), k=asked["depth"], filter_viewed=True
    )
    write(found, asked["users"], given.data / f"{given.model}.jsonl.gz")


def read(path: Path) -> pd.DataFrame:
    """Histories as RecTools wants a log."""
    rows = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            history = json.loads(line)
            rows += [(history["user_id"], item, step) for step, item in enumerate(history["item_ids"])]
    log = pd.DataFrame(rows, columns=[Columns.User, Columns.Item, Columns.Datetime])
    log[Columns.Datetime] = pd.Timestamp(0) + pd.to_timedelta(log[Columns.Datetime], unit="D")
    log[Columns.Weight] = np.float32(1)
    return log


def write(found: pd.DataFrame, users: list[str], path: Path) -> None:
    """JSON lines, one a user, the best item first."""
    ranked = found.sort_values([Columns.User, Columns.Rank]).groupby(Columns.User)[Columns.Item].agg(list)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for user in users:
            file.write(json.dumps({"user_id": user, "item_ids": ranked.get(user, [])}) + "\n")


if __name__ == "__main__":
    main()
