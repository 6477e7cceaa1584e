"""Scores comments for dehumanising, hateful and spam; knows nothing of the service."""

LABELS = ("dehumanising", "hateful", "spam")
