"""Blueprints: read a request, call a use case of `moderation`, write an answer; no policy, no storage."""
