"""The service as an ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from llm_rerank.service.body import LimitBody
from llm_rerank.service.errors import handle_errors
from llm_rerank.service.routes import explanations, health, histories, interactions, items, rankings, recommend, rerank
from llm_rerank.service.service import Service


def create_app(service: Service) -> FastAPI:
    """Answers with what `service` has open, and closes it in the end."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        following = asyncio.create_task(service.items.follow())
        await recommend.warm_up(service)
        yield
        following.cancel()
        service.close()

    shown = service.config.docs
    app = FastAPI(
        title="llm-rerank",
        version=version("llm-rerank"),
        lifespan=lifespan,
        openapi_url="/openapi.json" if shown else None,  # without it there are no pages of it either
    )
    app.state.service = service
    app.add_middleware(LimitBody, most=service.config.limits.body_bytes)
    handle_errors(app)
    for routes in (recommend, explanations, rerank, rankings, items, interactions, histories, health):
        app.include_router(routes.router)
    return app
