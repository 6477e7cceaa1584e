"""Perspective's shape: comments:analyze and comments:suggestscore, for clients whose address can be set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from flask import Blueprint, Response, jsonify, request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from service import suggestions
from service.domain import Explanation, Site
from service.errors import Invalid, ModqueueError, ScorerError, TooMany, Unavailable
from service.strict_json import UNSTORABLE, parse_json
from service.web import responses
from service.web.fields import TEXT_LIMIT
from service.web.responses import moderation

blueprint = Blueprint("perspective", __name__, url_prefix="/v1alpha1")

ATTRIBUTES = {
    "SPAM": "spam",
    "IDENTITY_ATTACK": "hateful",
    "DEHUMANIZING": "dehumanising",
    "DEHUMANISING": "dehumanising",
}
# The model knows English: a score for anything else would be a guess.
LANGUAGES = ("en",)
STATUSES = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
            429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}  # fmt: skip

_Given = TypeVar("_Given", bound=BaseModel)


class NoKey(ModqueueError):
    """No API key came with a request, or none that is known."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def _storable(text: str) -> str:
    if UNSTORABLE.search(text):
        raise ValueError("holds a NUL character or half of a surrogate pair")
    return text


def _known(languages: list[str]) -> list[str]:
    for language in languages:
        if _storable(language).partition("-")[0].lower() not in LANGUAGES:
            raise ValueError(f"only {', '.join(LANGUAGES)} can be scored, not {language[:20]}")
    return languages


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class _Text(_Part):
    text: Annotated[str, Field(min_length=1, max_length=TEXT_LIMIT), AfterValidator(_storable)]


class _Asked(_Part):
    scoreType: Literal["PROBABILITY", "SCORE_TYPE_UNSPECIFIED"] = "PROBABILITY"  # noqa: N815  its own name
    scoreThreshold: float = Field(0.0, ge=0, le=1)  # noqa: N815


class _Score(_Part):
    value: float = Field(ge=0, le=1, allow_inf_nan=False)


class _Suggested(_Part):
    summaryScore: _Score  # noqa: N815


class _Common(_Part):
    comment: _Text
    languages: Annotated[list[str], Field(max_length=10), AfterValidator(_known)] = []
    doNotStore: bool = False  # noqa: N815
    clientToken: Annotated[str, Field(max_length=1000), AfterValidator(_storable)] = ""  # noqa: N815


class Analyse(_Common):
    """What to score, and on which attributes."""

    requestedAttributes: dict[str, _Asked] = Field(min_length=1, max_length=20)  # noqa: N815
    spanAnnotations: bool = False  # noqa: N815


class Suggest(_Common):
    """What a text should have scored."""

    attributeScores: dict[str, _Suggested] = Field(min_length=1, max_length=20)  # noqa: N815


@blueprint.post("/comments:analyze")
def analyse() -> Response:
    """Score a text; nothing of it is stored, with doNotStore or without."""
    site = _site()
    asked = _read(Analyse)
    labels = _labels("requestedAttributes", asked.requestedAttributes, site)
    found = suggestions.language(moderation(), asked.comment.text)
    if found and not asked.languages:
        raise Invalid("comment.text", f"is written in {found}; only {', '.join(LANGUAGES)} can be scored")
    explained = sorted(set(labels.values())) if asked.spanAnnotations else []
    scores, why = suggestions.analyse(moderation(), site, asked.comment.text, explained)
    shown = {
        name: _shown(asked.comment.text, scores[label], why.get(label), asked.requestedAttributes[name])
        for name, label in labels.items()
        if scores[label] >= asked.requestedAttributes[name].scoreThreshold
    }
    # What is not known to be of another language is read as English.
    said = {"languages": asked.languages or list(LANGUAGES), "detectedLanguages": [found or "en"]}
    return jsonify({"attributeScores": shown, **said, **_token(asked)})


@blueprint.post("/comments:suggestscore")
def suggest() -> Response:
    """Learn what a text should have scored, unless doNotStore forbids."""
    site = _site()
    asked = _read(Suggest)
    labels = _labels("attributeScores", asked.attributeScores, site)
    scores = {label: asked.attributeScores[name].summaryScore.value for name, label in labels.items()}
    if not asked.doNotStore:
        suggestions.suggest(moderation(), site, asked.comment.text, scores)
    return jsonify({"requestedLanguages": asked.languages or list(LANGUAGES), **_token(asked)})


@blueprint.errorhandler(ModqueueError)
def refused(error: ModqueueError) -> Response:
    """Answer a refusal in Google's shape."""
    if isinstance(error, TooMany):
        response = _error(429, str(error))
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
        return response
    if isinstance(error, Unavailable | ScorerError):
        return _error(503, str(error))
    if isinstance(error, Invalid):
        violation = {"field": error.field, "description": error.message}
        bad = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
        return _error(400, str(error), bad)
    return _error(error.code if isinstance(error, NoKey) else 400, str(error))


@blueprint.errorhandler(HTTPException)
def http_error(error: HTTPException) -> Response:
    """Answer an error of the HTTP layer in Google's shape."""
    answer = _error(error.code or 400, error.description or error.name)
    return responses.with_headers(error, answer)


@blueprint.app_errorhandler(NotFound)
@blueprint.app_errorhandler(MethodNotAllowed)
def nothing_here(error: HTTPException) -> Response:
    """Answer what leads to nothing here, and so to no blueprint, in Google's shape as well."""
    ours = request.path.startswith(f"{blueprint.url_prefix}/")
    return http_error(error) if ours else responses.http_error(error)


def _site() -> Site:
    key = request.args.get("key") or request.headers.get("X-Goog-Api-Key", "")
    if not key:
        raise NoKey("an API key is required: ?key=… or X-Goog-Api-Key", 403)
    site = moderation().store.registry.site_of_key(key)
    if site is None:
        raise NoKey("API key not valid. Please pass a valid API key.", 400)
    moderation().store.registry.throttle(
        f"perspective:{site.id}", site.rate, site.burst, moderation().clock()
    )
    return site


def _read(kind: type[_Given]) -> _Given:
    try:
        return kind.model_validate(parse_json(request.get_data(cache=False)))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = ".".join(str(part) for part in found["loc"])[:100]
        raise Invalid(name, found["msg"].removeprefix("Value error, ")) from None


def _labels(field: str, named: Mapping[str, object], site: Site) -> dict[str, str]:
    known = {**site.policy.attributes, **ATTRIBUTES}
    for name in named:
        if name not in known:
            own = "this model has no such attribute, and nothing else would be the same"
            raise Invalid(f"{field}.{name[:64]}", f"{own}; it has {', '.join(sorted(known))}")
    return {name: known[name] for name in named}


def _shown(text: str, score: float, why: Explanation | None, asked: _Asked) -> dict[str, Any]:
    spans = _spans(why) if why else [(0, len(text), score)]
    return {
        "spanScores": [
            {"begin": begin, "end": end, "score": _probability(value)}
            for begin, end, value in spans
            if value >= asked.scoreThreshold
        ],
        "summaryScore": _probability(score),
    }


def _spans(why: Explanation) -> list[tuple[int, int, float]]:
    # What raised the score, each with the probability that it would give to a comment of nothing else.
    return [(begin, end, _sigmoid(why.bias + by)) for begin, end, by in why.spans if by > 0]


def _sigmoid(log_odds: float) -> float:
    return 0.5 * (1 + math.tanh(log_odds / 2))


def _probability(value: float) -> dict[str, object]:
    return {"value": value, "type": "PROBABILITY"}


def _token(asked: _Common) -> dict[str, str]:
    return {"clientToken": asked.clientToken} if asked.clientToken else {}


def _error(code: int, message: str, *details: object) -> Response:
    status = STATUSES.get(code, "INVALID_ARGUMENT" if code < 500 else "INTERNAL")
    response = jsonify({"error": {"code": code, "message": message, "status": status, "details": details}})
    response.status_code = code
    return response
