"""Amazon Beauty 2014 as LlamaRec filters it: untitled items go, then the 5-core is taken."""

import pandas as pd

from eval.data.base import AmazonBeauty2014Config, Benchmark, fields, five_core, log_in_order, read_lines
from retrieval.catalogue import Catalogue
from retrieval.records import Item
from retrieval.shop import ShopData

NOTICE = "Amazon Beauty 2014 (McAuley et al.): for research."


def load(config: AmazonBeauty2014Config) -> Benchmark:
    """Histories have an order and no times."""
    titles = {item: title for item, title in _read(config, "items.tsv.gz") if title.strip()}
    pairs = [
        (user, item) for user, items in _read(config, "sequences.tsv.gz") for item in items.split() if item in titles
    ]
    core = five_core(pd.DataFrame(pairs, columns=["user_id", "item_id"]), config.folder)
    catalogue = Catalogue(Item(item_id=item, title=titles[item]) for item in sorted(set(core["item_id"])))
    log = log_in_order(core["user_id"].tolist(), core["item_id"].tolist())
    return Benchmark(shop=ShopData(name=config.kind, catalogue=catalogue, log=log, notice=NOTICE), given=None)


def _read(config: AmazonBeauty2014Config, name: str) -> list[tuple[str, str]]:
    path = config.folder / name
    rows = [fields(path, line, 2) for line in read_lines(path)]
    return [(first, second) for first, second in rows[1:]]  # the first is the header
