"""The service from Python: `Client` for programs that wait for an answer, `AsyncClient` for those that await it."""

from llm_rerank.client.clients import AsyncClient, Client
from llm_rerank.client.errors import (
    AuthenticationError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    ServiceError,
    TimedOutError,
    UnavailableError,
    UnreachableError,
    UnreadableAnswerError,
)
from llm_rerank.wire.explanations import DoneEvent, DraftEvent, EvidenceEvent, ExplanationEvent, RankingEvent
from llm_rerank.wire.interactions import InteractionIn, KeyedInteractionIn
from llm_rerank.wire.items import ItemIn

__all__ = [
    "AsyncClient",
    "AuthenticationError",
    "Client",
    "DoneEvent",
    "DraftEvent",
    "EvidenceEvent",
    "ExplanationEvent",
    "InteractionIn",
    "InvalidRequestError",
    "ItemIn",
    "KeyedInteractionIn",
    "NotFoundError",
    "PermissionDeniedError",
    "RankingEvent",
    "RateLimitError",
    "ServiceError",
    "TimedOutError",
    "UnavailableError",
    "UnreachableError",
    "UnreadableAnswerError",
]
