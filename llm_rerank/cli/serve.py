"""`llm-rerank serve`: the service, until it is stopped."""

import signal
import sys
from logging import getLogger
from pathlib import Path
from typing import Annotated, Final

import typer

from retrieval.errors import ConfigError

_LOG: Final = getLogger(__name__)


def serve(
    config: Annotated[Path | None, typer.Option(help="A YAML file; see configs/serve.yaml.")] = None,
    host: Annotated[str | None, typer.Option(help="Where it listens, in place of the configured address.")] = None,
    port: Annotated[int | None, typer.Option(help="At which port, in place of the configured one.")] = None,
) -> None:
    """Answer requests over HTTP. Stopped, it finishes what is under way. Logs are JSON, or text in a terminal."""
    # Until the server has a handler of its own: by default the process would end before its children are ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    from llm_rerank.service.config import ServeConfig

    read = ServeConfig.read(config)
    changed = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    read = read.model_copy(update=changed)
    if (read.tls_certificate is None) != (read.tls_key is None):
        raise ConfigError(
            "a certificate and its key come together",
            field="tls_certificate",
            value=str(read.tls_certificate),
            remedy="Name both tls_certificate and tls_key, or neither",
        )
    from llm_rerank.service.logs import set_up_logging

    set_up_logging(sys.stderr)
    _LOG.info("settings", extra={"settings": read.shown()})

    from llm_rerank.service import server
    from llm_rerank.service.service import Service

    service = Service.open(read, say=_LOG.info)
    set_up_logging(sys.stderr)  # of what came with it too
    server.serve(service)
