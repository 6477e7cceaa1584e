"""How a decision reaches a blog."""
