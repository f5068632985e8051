"""Where everything lies in a build folder."""

from retrieval.retrievers import RetrieverConfig

VECTORS = "vectors.npz"
CHUNKS = "vectors.parts"
INDEX = "index"
RETRIEVERS = "retrievers"
BLEND = f"{RETRIEVERS}/blend.npz"
CHECKPOINTS = "checkpoints.parts"


def retriever_file(config: RetrieverConfig) -> str:
    """Path, in the folder, of what this retriever learned."""
    return f"{RETRIEVERS}/{config.name}.npz"
