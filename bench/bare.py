"""The least that a durable webhook can be: a bare Flask route with one MULTI, to compare ours with."""

from __future__ import annotations

import os
import time

import redis
from flask import Flask, Response, jsonify, request

app = Flask(__name__)
client = redis.Redis.from_url(os.environ["MODQUEUE_REDIS_URL"])


@app.post("/webhooks/comments")
def receive() -> Response:
    """Store a comment and its place in a queue in one transaction."""
    fields = request.get_json()
    with client.pipeline(transaction=True) as pipe:
        pipe.hset(f"bare:{fields['comment_ID']}", mapping={"text": fields["comment_content"]})
        pipe.zadd("bare:queue", {fields["comment_ID"]: time.time()})
        pipe.execute()
    return jsonify({"id": fields["comment_ID"], "verdict": "hold"})
