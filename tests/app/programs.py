"""Programs that use the API, each with a token of its own."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

TOKEN, OTHERS_TOKEN = "t" * 43, "o" * 43
HATEFUL = "You are [hateful=0.9]"


class Api:
    """A program that holds a token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self.client, self.token = client, token

    def __call__(self, method: str, path: str, body: Any = None, **kwargs: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **kwargs.pop("headers", {})}
        if body is not None:
            kwargs["json"] = body
        return self.client.open(f"/api/v1/{path}", method=method, headers=headers, **kwargs)

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        response = self(method, path, body)
        assert response.status_code == 200, response.text
        return response.get_json()

    def refused(self, status: int, method: str, path: str, body: Any = None, **kwargs: Any) -> Any:
        response = self(method, path, body, **kwargs)
        assert response.status_code == status, response.text
        assert response.mimetype == "application/problem+json"
        problem = response.get_json()
        assert problem["status"] == status
        return problem
