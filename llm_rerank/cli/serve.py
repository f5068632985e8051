"""`llm-rerank serve`: the service, until it is stopped."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from retrieval.errors import ConfigError

if TYPE_CHECKING:
    from llm_rerank.service.config import ServeConfig

_A_MINUTE: Final = 600
_LOG: Final = getLogger(__name__)


def serve(
    config: Annotated[Path | None, typer.Option(help="A YAML file; see configs/serve.yaml.")] = None,
    host: Annotated[str | None, typer.Option(help="Where it listens, in place of the configured address.")] = None,
    port: Annotated[int | None, typer.Option(help="At which port, in place of the configured one.")] = None,
    page: Annotated[bool, typer.Option("--page", help="Print the page's address, with a key for this run.")] = False,
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
    if not page:
        server.serve(service)
        return
    with _key_for_this_run(read) as key:
        server.serve(service, lambda url: print(f"\nThe page, until Ctrl-C: {url}/#key={key}\n", flush=True))


@contextmanager
def _key_for_this_run(config: "ServeConfig") -> Iterator[str]:
    """A key that is revoked in the end: addresses stay in terminals and in what browsers remember."""
    from retrieval.store.database import Database
    from retrieval.store.keys import KeyStore

    database = Database.open(config.database)  # of its own: the service has closed its one by then
    keys = KeyStore(database)
    key, about = keys.create(config.tenant, ["read", "write"], _A_MINUTE)
    try:
        yield key
    finally:
        keys.revoke(about.key_id)
        database.close()
