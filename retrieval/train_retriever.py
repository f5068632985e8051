"""The training job: a sequence retriever trained outside any build, to be built in as it is, or trained further."""

from hashlib import sha256
from pathlib import Path

from rich.progress import Progress

from retrieval.config import RetrievalConfig
from retrieval.embedders import embedder_name
from retrieval.embedding import embed_catalogue
from retrieval.errors import BuildError, ConfigError
from retrieval.layout import CHECKPOINTS, VECTORS
from retrieval.retrievers.sequence.config import SequenceConfig
from retrieval.retrievers.sequence.fitting import Fitting
from retrieval.retrievers.sequence.trained import ABOUT, Trained
from retrieval.shop import ShopData


def train_retriever(
    shop: ShopData, config: RetrievalConfig, folder: Path, progress: Progress, start: Path | None = None
) -> Trained:
    """Trains the configuration's `sequence` retriever and writes it to `folder`, going on where an earlier run stopped.

    With a `start`, a folder that this job wrote, its weights are trained further on newer interactions alone. Raises
    BuildError for a folder that holds another training.
    """
    source = _sequence(config)
    earlier = None if start is None else Trained.read(start)
    made_from = _name(shop, config, source, earlier)
    if (folder / ABOUT).exists():
        return _same(Trained.read(folder), made_from, folder)
    embedder = embedder_name(config.embedder)
    if earlier is not None and earlier.embedder != embedder:
        raise ConfigError(
            f"the training to go on from read {earlier.embedder}",
            field="embedder",
            value=embedder,
            remedy="Use the same embedder, or train anew.",
        )
    vectors = embed_catalogue(shop.catalogue, config.embedder, folder / VECTORS, progress)
    task = progress.add_task("training", total=None)
    arrays = Fitting(source, shop.catalogue, shop.log, vectors, config.seed, earlier).run(
        folder / CHECKPOINTS,
        lambda done, steps, text: progress.update(task, completed=done, total=steps, description=text),
    )
    rows = arrays.pop("items").tolist()
    if not rows:
        raise BuildError(
            "there is nothing to learn from: no user did anything after something else",
            field="interactions",
            value=len(shop.log),
            remedy="Give a log with longer histories" + (", newer than the first training's." if earlier else "."),
        )
    trained = Trained(
        item_ids=tuple(shop.catalogue.at(row).item_id for row in rows),
        arrays=arrays,
        embedder=embedder,
        encoder=source.encoder,
        members=source.members,
        until=shop.log.frame["timestamp"].max().to_pydatetime(),
        made_from=made_from,
    )
    trained.write(folder)
    return trained


def _sequence(config: RetrievalConfig) -> SequenceConfig:
    for source in config.retrievers:
        if isinstance(source, SequenceConfig):
            return source
    raise ConfigError(
        "this configuration has no retriever to train",
        field="retrievers",
        value=[source.kind for source in config.retrievers],
        remedy="Add `kind: sequence`; see configs/retrieval-sequence.yaml.",
    )


def _name(shop: ShopData, config: RetrievalConfig, source: SequenceConfig, start: Trained | None) -> str:
    about = (shop.fingerprint, embedder_name(config.embedder), source.encoder, source.training, source.members)
    return sha256(f"{about} {config.seed} {start and start.made_from}".encode()).hexdigest()[:16]


def _same(trained: Trained, made_from: str, folder: Path) -> Trained:
    if trained.made_from != made_from:
        raise BuildError(
            "this folder holds a training on other data or with other settings",
            field="out",
            value=str(folder),
            remedy="Give another folder: a trained retriever is never changed in place.",
        )
    return trained
