"""A benchmark as files for another program: what it may learn from, and whom it is asked about.

    python -m eval.export --config configs/eval/beauty.yaml --out var/peers/beauty
    python -m eval.export --config configs/eval/beauty.yaml --shop --out var/finetune/beauty/shop

What it answers comes back as a `rankings-file` system; see eval/peers/README.md. With --shop it is what may be learnt
from alone, as the files of a shop.
"""

import argparse
import gzip
import json
import sys
from pathlib import Path

from eval.config import EvalConfig
from eval.data import load_benchmark
from eval.export_shop import export_shop
from eval.protocol import Protocol, masks
from retrieval.config import read_config
from retrieval.errors import ConfigError, LlmRerankError
from retrieval.files import write_json, write_whole
from retrieval.log import InteractionLog


def export(config: EvalConfig, folder: Path) -> None:
    """Writes what may be learnt from, what is known of a user who is asked about, and who is asked.

    learnt.jsonl.gz and histories.jsonl.gz hold `user_id` and `item_ids`, oldest first; asked.json `users` and `depth`.
    """
    if not masks(config.protocol):
        raise ConfigError(
            "only a benchmark that ranks the catalogue with seen items masked can be exported",
            field="protocol",
            value=f"{config.protocol.candidates}, {config.protocol.seen}",
            remedy="Choose another configuration, or write a shop's files with --shop.",
        )
    protocol = Protocol(config.protocol, load_benchmark(config.data, config.counts))
    write_whole(folder / "learnt.jsonl.gz", lambda part: _write_histories(protocol.learnt, part))
    write_whole(folder / "histories.jsonl.gz", lambda part: _write_histories(protocol.split.train, part))
    write_json(folder / "asked.json", {"users": protocol.users, "depth": config.depth})


def _write_histories(log: InteractionLog, path: Path) -> None:
    with gzip.open(path, "wt", encoding="ascii") as file:
        for user, item_ids in log.frame.groupby("user_id", sort=False)["item_id"]:
            file.write(json.dumps({"user_id": user, "item_ids": item_ids.tolist()}) + "\n")


def main() -> None:
    """Exports one benchmark."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, help="a YAML file; see configs/eval/")
    parser.add_argument("--part", choices=("validation", "test"), help="instead of the configuration's own")
    parser.add_argument("--shop", action="store_true", help="write a shop's files, of any benchmark")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    given = parser.parse_args()
    try:
        config = read_config(given.config, EvalConfig)
        write = export_shop if given.shop else export
        write(config.of_part(given.part) if given.part else config, given.out)
    except LlmRerankError as err:
        sys.exit(f"eval.export: {err}")


if __name__ == "__main__":
    main()
