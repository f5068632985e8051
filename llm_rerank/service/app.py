"""The service as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import Depends, FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from llm_rerank.service import readiness
from llm_rerank.service.auth import with_scope
from llm_rerank.service.body import LimitBody
from llm_rerank.service.documented import refusals
from llm_rerank.service.errors import Unforeseen, handle_errors
from llm_rerank.service.observing import REQUEST_ID, Observed
from llm_rerank.service.routes import (
    effects,
    explanations,
    feedback,
    health,
    histories,
    interactions,
    items,
    metrics,
    quality,
    rankings,
    recommend,
    rerank,
    ui,
)
from llm_rerank.service.service import Service

_WITHOUT_A_PLACE: Final = 8
"""Threads for those whose deadline passed in the queue: they need no model, and do not wait for who has it."""
_FROM_BROWSERS: Final = ("Authorization", "Idempotency-Key", REQUEST_ID)


def create_app(service: Service) -> FastAPI:
    """Answers with what `service` has open, and closes it in the end."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        threads = ThreadPoolExecutor(service.config.limits.at_once + _WITHOUT_A_PLACE, "answering")
        asyncio.get_running_loop().set_default_executor(threads)
        await readiness.attempt(service)  # usually enough: then nobody comes before it is ready
        others = [asyncio.create_task(one) for one in (service.items.follow(), readiness.attain(service))]
        try:
            yield
        finally:
            for one in others:
                one.cancel()
            await asyncio.to_thread(service.close)  # vLLM's process may take its time

    shown = service.config.docs
    app = FastAPI(
        title="llm-rerank",
        version=version("llm-rerank"),
        lifespan=lifespan,
        openapi_url="/openapi.json" if shown else None,  # without it there are no pages of it either
        middleware=_middleware(service),
    )
    app.state.service = service
    handle_errors(app)
    for routes in (
        recommend,
        explanations,
        effects,
        rerank,
        rankings,
        feedback,
        items,
        interactions,
        histories,
        quality,
        health,
    ):
        app.include_router(routes.router)
    if service.config.ui.shown:
        app.include_router(ui.router)
    if service.config.metrics == "admin":
        app.include_router(metrics.router, dependencies=[Depends(with_scope("admin"))], responses=refusals())
    elif service.config.metrics == "open":
        app.include_router(metrics.router)
    return app


def _middleware(service: Service) -> list[Middleware]:
    """What a request goes through on its way in, in this order, and its reply on the way out."""
    limits = service.config.limits
    origins = Middleware(
        CORSMiddleware,
        allow_origins=service.config.cors_origins,
        allow_methods=("*",),
        allow_headers=_FROM_BROWSERS,
        expose_headers=(REQUEST_ID, "Retry-After"),
    )
    return [
        Middleware(Observed, metrics=service.metrics, traces=service.traces),
        *([origins] if service.config.cors_origins else []),  # no cookies: pages show a key, as all callers do
        Middleware(Unforeseen),
        Middleware(LimitBody, most=limits.body_bytes, seconds=limits.reading_seconds),
    ]
