"""`llm-rerank serve`: the service, until it is stopped."""

import json
from pathlib import Path
from typing import Annotated

import typer

from llm_rerank.cli.show import print_text, progress
from retrieval.errors import ConfigError


def serve(
    config: Annotated[Path | None, typer.Option(help="A YAML file; see configs/serve.yaml.")] = None,
    host: Annotated[str | None, typer.Option(help="Where it listens, in place of the configured address.")] = None,
    port: Annotated[int | None, typer.Option(help="At which port, in place of the configured one.")] = None,
) -> None:
    """Answer requests over HTTP. Stopped, it finishes what is under way."""
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
    print_text(f"settings: {json.dumps(read.shown())}")
    import uvicorn

    from llm_rerank.service.app import create_app
    from llm_rerank.service.service import Service

    with progress(visible=True) as say:
        service = Service.open(read, say=say)
    uvicorn.run(
        create_app(service),
        host=read.host,
        port=read.port,
        ssl_certfile=read.tls_certificate,
        ssl_keyfile=read.tls_key,
        access_log=False,  # its lines hold user ids
        server_header=False,
        timeout_graceful_shutdown=int(read.limits.deadline_ms / 1000) + 5,
    )
