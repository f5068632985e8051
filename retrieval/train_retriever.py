"""The training job: a sequence retriever trained outside any build, to be built in as it is, or trained further."""

import shutil
from hashlib import sha256
from pathlib import Path

from rich.progress import Progress

from retrieval.alone import LOCK, alone
from retrieval.config import RetrievalConfig
from retrieval.differences import differences
from retrieval.embedders import embedder_name
from retrieval.embedding import embed_catalogue
from retrieval.errors import BuildError, ConfigError
from retrieval.files import read_json, unreadable, write_json
from retrieval.layout import CHECKPOINTS, VECTORS
from retrieval.manifest import installed
from retrieval.progress import telling
from retrieval.retrievers.sequence.config import SequenceConfig
from retrieval.retrievers.sequence.fitting import Fitting
from retrieval.retrievers.sequence.trained import ABOUT, Trained, last_moment
from retrieval.shop import ShopData

_BEGUN = "begun.json"
_PACKAGES = ("llm-rerank", "torch")  # what the numbers of an epoch depend on


def train_retriever(
    shop: ShopData, config: RetrievalConfig, folder: Path, progress: Progress, start: Path | None = None
) -> Trained:
    """Trains the configuration's `sequence` retriever and writes it to `folder`, going on where an earlier run stopped.

    With a `start`, a folder that this job wrote, its weights are trained further on newer interactions alone. Raises
    BuildError for a folder that holds another training, that other versions began, or where another process trains.
    """
    source = _sequence(config)
    earlier = None if start is None else Trained.read(start)
    embedder = embedder_name(config.embedder)
    if earlier is not None:
        earlier.check_embedder(embedder)
    _check_free(folder)
    with alone(folder):
        return _train(shop, config, source, embedder, folder, progress, earlier)


def _train(
    shop: ShopData,
    config: RetrievalConfig,
    source: SequenceConfig,
    embedder: str,
    folder: Path,
    progress: Progress,
    earlier: Trained | None,
) -> Trained:
    made_from = _name(shop, config, source, embedder, earlier)
    if (folder / ABOUT).exists():
        trained = Trained.read(folder)
        _same(trained.made_from, made_from, folder)
        _tidy(folder)  # the run that finished it may have been stopped before it did
        return trained
    _begin(folder, made_from)
    vectors = embed_catalogue(shop.catalogue, config.embedder, folder / VECTORS, progress)
    arrays = Fitting(source, shop.catalogue, shop.log, vectors, config.seed, earlier).run(
        folder / CHECKPOINTS, telling(progress, "training")
    )
    rows = arrays.pop("items").tolist()
    if not rows:
        raise BuildError(
            "there is nothing to learn from: no user did anything after something else",
            field="interactions",
            value=len(shop.log),
            remedy="Give a log with longer histories" + (", newer than the first training's." if earlier else "."),
        )
    until, rows_at_until = last_moment(shop.log)
    trained = Trained(
        item_ids=tuple(shop.catalogue.at(row).item_id for row in rows),
        arrays=arrays,
        embedder=embedder,
        encoder=source.encoder,
        members=source.members,
        until=until,
        rows_at_until=rows_at_until,
        made_from=made_from,
    )
    trained.write(folder)
    _tidy(folder)
    return trained


def _tidy(folder: Path) -> None:
    """Deletes what only an unfinished training needs."""
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    (folder / VECTORS).unlink(missing_ok=True)


def _sequence(config: RetrievalConfig) -> SequenceConfig:
    for source in config.retrievers:
        if isinstance(source, SequenceConfig):
            return source
    raise ConfigError(
        "this configuration has no retriever to train",
        field="retrievers",
        value=[source.kind for source in config.retrievers],
        remedy="Add `kind: sequence` to the retrievers.",
    )


def _name(shop: ShopData, config: RetrievalConfig, source: SequenceConfig, embedder: str, start: Trained | None) -> str:
    about = (shop.fingerprint, embedder, source.encoder, source.training, source.members)
    return sha256(f"{about} {config.seed} {start and start.made_from}".encode()).hexdigest()[:16]


def _begin(folder: Path, made_from: str) -> None:
    """Marks the folder as that of this training: vectors and checkpoints of another must not be taken for its own.

    Raises BuildError where they are another's, or of other versions of what trains.
    """
    versions = installed(_PACKAGES)
    if (folder / _BEGUN).exists():
        begun = read_json(folder / _BEGUN)
        if not isinstance(begun, dict):
            raise unreadable(folder / _BEGUN)
        _same(begun.get("made_from"), made_from, folder)
        _same_versions(begun.get("versions", {}), versions, folder)
    write_json(folder / _BEGUN, {"made_from": made_from, "versions": versions})


def _check_free(folder: Path) -> None:
    """Raises BuildError where something else lies than a training."""
    if (folder / _BEGUN).exists() or (folder / ABOUT).exists() or not folder.exists():
        return
    if not folder.is_dir() or any(path.name != LOCK for path in folder.iterdir()):
        raise BuildError(
            "this is no folder of a training", field="out", value=str(folder), remedy="Give a new folder, or clear it."
        )


def _same_versions(found: object, versions: dict[str, str], folder: Path) -> None:
    if changed := differences(found, versions):
        raise BuildError(
            f"this training was begun by other versions: {changed}",
            field="out",
            value=str(folder),
            remedy="Go on with those, or train anew in another folder: one training is of one program.",
        )


def _same(found: object, made_from: str, folder: Path) -> None:
    if found != made_from:
        raise BuildError(
            "this folder holds a training on other data or with other settings",
            field="out",
            value=str(folder),
            remedy="Give another folder: a trained retriever is never changed in place.",
        )
