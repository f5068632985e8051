"""The k-core of a log: users and items that still have k interactions among each other."""

from dataclasses import replace

import pandas as pd

from retrieval.catalogue import Catalogue
from retrieval.datasets.cleaning import LoadedShop
from retrieval.datasets.report import Finding
from retrieval.errors import DatasetError
from retrieval.log import InteractionLog


def k_core(frame: pd.DataFrame, k: int) -> pd.DataFrame:
    """Drops users and items with fewer than `k` rows, again and again until none is left to drop.

    `frame` has the columns user_id and item_id; the rows that stay keep their order. Dropping once is not enough: it
    takes rows away from those that stayed.
    """
    while True:
        enough = frame.groupby("user_id")["item_id"].transform("size").ge(k)
        enough &= frame.groupby("item_id")["user_id"].transform("size").ge(k)
        if enough.all():
            return frame
        frame = frame[enough]


def select_core(loaded: LoadedShop, k: int) -> LoadedShop:
    """The shop of the k-core alone; what is outside is counted in the report. Raises DatasetError where it is empty."""
    shop, report = loaded.shop, loaded.report
    problem = f"outside the {k}-core"
    log = InteractionLog(k_core(shop.log.frame, k))
    if not len(log):
        raise DatasetError("nothing is left in the core", field="k_core", value=k, remedy="Choose a smaller one.")
    kept = frozenset(log.frame["item_id"])
    catalogue = Catalogue(item for item in shop.catalogue if item.item_id in kept)
    outside = (
        Finding(table="items", problem=problem, rows=len(shop.catalogue) - len(catalogue), action="not selected"),
        Finding(table="interactions", problem=problem, rows=len(shop.log) - len(log), action="not selected"),
    )
    return LoadedShop(
        shop=replace(shop, catalogue=catalogue, log=log),
        report=replace(
            report,
            items_kept=len(catalogue),
            interactions_kept=len(log),
            findings=report.findings + outside,
        ),
    )
