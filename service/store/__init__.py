"""Everything durable, over Redis or Valkey; nothing outside this package imports redis."""

from __future__ import annotations

from service.store import schema
from service.store.akismet import Trace, Traces
from service.store.appeals import Appeals
from service.store.campaigns import Campaigns
from service.store.connection import Connection
from service.store.erasing import Erasing
from service.store.figures import Figures
from service.store.hooks import Hooks
from service.store.log import Entry, Log, LogPage
from service.store.outbox import Outbox, Settlement
from service.store.personal import Personal
from service.store.policies import Policies
from service.store.pool import Pool
from service.store.queue import Arrival, Queue
from service.store.readings import Readings
from service.store.registry import Registry
from service.store.requests import Requests
from service.store.retiring import Retiring
from service.store.rows import Rows
from service.store.search import ALL, DECIDED, ESCALATED, PENDING, Sort, Wanted
from service.store.sessions import Session, Sessions
from service.store.shadow import Shadow
from service.store.suggestions import Suggestions
from service.store.views import LaneSummary, Page, Views

__all__ = [
    "ALL",
    "DECIDED",
    "ESCALATED",
    "PENDING",
    "Arrival",
    "Entry",
    "LaneSummary",
    "LogPage",
    "Page",
    "Session",
    "Settlement",
    "Sort",
    "Store",
    "Trace",
    "Wanted",
]


class Store:
    """The rooms of the store, over one connection."""

    def __init__(self, url: str, partitions: int = 16) -> None:
        self._db = Connection(url)
        schema.prepare(self._db)
        self.registry = Registry(self._db)
        self.partitions = self.registry.partitions(partitions)
        self.sessions = Sessions(self._db)
        self.personal = Personal(self._db)
        self.queue = Queue(self._db, self.partitions)
        self.hooks = Hooks(self._db, self.partitions)
        self.views = Views(self._db, self.partitions)
        self.campaigns = Campaigns(self._db, self.partitions)
        self.log = Log(self._db, self.partitions)
        self.suggestions = Suggestions(self._db, self.partitions)
        self.appeals = Appeals(self._db, self.partitions)
        self.figures = Figures(self._db, self.partitions)
        self.rows = Rows(self._db, self.partitions)
        self.readings = Readings(self._db, self.partitions)
        self.policies = Policies(self._db)
        self.pool = Pool(self._db)
        self.shadow = Shadow(self._db)
        self.outbox = Outbox(self._db, self.partitions)
        self.akismet = Traces(self._db, self.partitions)
        self.requests = Requests(self._db)
        self.erasing = Erasing(self._db, self.partitions)
        self.retiring = Retiring(self._db, self.partitions)

    def close(self) -> None:
        """Give back all connections."""
        self._db.close()
