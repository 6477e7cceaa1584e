"""The words of the house: frozen values, enumerations and errors. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LABELS = ("dehumanising", "hateful", "spam")


class Verdict(StrEnum):
    """The machine's answer to a comment, from mild to severe."""

    APPROVE = "approve"
    HOLD = "hold"
    REJECT = "reject"


class Ruling(StrEnum):
    """What a moderator may decide."""

    APPROVE = "approve"
    REJECT = "reject"


class ReasonCode(StrEnum):
    """Why a moderator rejected a comment."""

    DEHUMANISING = "dehumanising"
    HATEFUL = "hateful"
    SPAM = "spam"
    OFF_TOPIC = "off_topic"
    OTHER = "other"


class Lane(StrEnum):
    """The named parts of the queue."""

    UNCERTAIN = "uncertain"
    CAMPAIGNS = "campaigns"
    DEHUMANISING = "dehumanising"
    HATEFUL = "hateful"
    SPAM = "spam"
    AUDIT = "audit"
    ERRORS = "errors"


class Role(StrEnum):
    """What a person may do on the desk."""

    MODERATOR = "moderator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Comment:
    """What a blog sent us, under our own names; addresses only as keyed hash and display form."""

    site: str
    comment_id: str
    text: str
    author: str = ""
    author_url: str = ""
    author_key: str = ""
    author_shown: str = ""
    user_id: str = ""
    agent: str = ""
    kind: str = "comment"
    date_gmt: str = ""
    post_id: str = ""
    post_title: str = ""
    permalink: str = ""
    parent_id: str = ""
    parent_text: str = ""
    honeypot: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """One true cause of a verdict, with the score and threshold where there are any."""

    code: str
    score: float | None = None
    threshold: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The machine's answer with everything that explains it; no scores means that the scorer failed."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    scores: Mapping[str, float]
    model: str
    policy: int
    lane: Lane | None = None
    severity: float = 0.0
    # In shadow mode: what the verdict would have been.
    shadow: Verdict | None = None
    # Held for a cause beside the scores; of a language not learnt; the share that the audit drew then.
    anyway: bool = False
    foreign: bool = False
    audit: float = 0.0


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation in a comment and its own score: the explanation's bias + spans + fields is its log-odds."""

    start: int
    end: int
    score: float
    log_odds: float
    spans: tuple[tuple[int, int, float], ...]
    fields: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a label scored as it did: bias + spans + fields add up, quotes aside; `by_site` is in spans."""

    label: str
    score: float
    log_odds: float
    bias: float
    spans: tuple[tuple[int, int, float], ...]
    fields: tuple[tuple[str, float], ...] = ()
    quotes: tuple[Quote, ...] = ()
    by_site: tuple[tuple[int, int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """What we know of an author on a site before this comment, and whether it is one of a campaign."""

    approved: int = 0
    rejected: int = 0
    first_seen: float | None = None
    edited_after_rejection: bool = False
    campaign: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The moderator's answer."""

    ruling: Ruling
    reason: ReasonCode | None
    by: str
    at: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """The exclusive right that a claim gives, until it expires."""

    by: str
    token: str
    until: float


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who handed an item to an admin, and with what words."""

    by: str
    at: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """What became of the latest callback about a comment: queued, retrying, confirmed or dead."""

    id: str
    state: str
    attempts: int
    at: float
    next_at: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A comment as it is stored, with its judgement and all that happened to it since."""

    id: str
    comment: Comment
    revision: int
    judgement: Judgement
    received_at: float
    pending: bool
    explanations: tuple[Explanation, ...] = ()
    decision: Decision | None = None
    lease: Lease | None = None
    delivery: DeliveryState | None = None
    campaign: str = ""
    escalation: Escalation | None = None
    earlier: tuple[tuple[int, Comment], ...] = ()
    # What is in force of a comment whose judgement is hidden, since it is audited.
    hidden: Verdict | None = None

    @property
    def outcome(self) -> str:
        """Return what is in force: the decision, else the verdict."""
        return str(self.decision.ruling if self.decision else self.hidden or self.judgement.verdict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One callback that a blog has not confirmed yet."""

    id: str
    item_id: str
    site: str
    body: str
    attempts: int
    # It may have to go back by Akismet's protocol.
    traced: bool = False


@dataclass(frozen=True, slots=True)
class Secret:
    """A signing secret; `expires_at` is set while it is being rotated out."""

    value: str = field(repr=False)
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores from which a label is held or rejected; None leaves it to the model's own recommendation."""

    hold: float | None = None
    reject: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A site's versioned mapping from scores, author history and rules to a verdict."""

    version: int = 1
    thresholds: Mapping[str, Thresholds] = field(default_factory=dict)
    reject_labels: tuple[str, ...] = ("spam",)
    blocked_words: tuple[str, ...] = ()
    blocked_domains: tuple[str, ...] = ()
    max_links: int | None = None
    hold_new_authors: bool = False
    pass_other_languages: bool = False
    shadow: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    audit: float = 0.01
    # Thresholds that are watched beside those in force, and decide nothing.
    trial: Mapping[str, Thresholds] = field(default_factory=dict)
    adapt: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A blog that is a tenant of this service."""

    id: str
    url: str
    secrets: tuple[Secret, ...] = field(repr=False)
    api_key_hash: str = field(repr=False, default="")
    callback_url: str = ""
    callback_disabled: str = ""
    policy: Policy = Policy()
    rate: float = 50.0
    burst: float = 500.0
    akismet_hold: str = "spam"
    akismet_limit: int = 0
    wordpress_user: str = ""
    wordpress_password: str = field(repr=False, default="")
    mapping: Mapping[str, str] = field(default_factory=dict)
    coral_secret: str = field(repr=False, default="")
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Person:
    """A moderator or admin; an empty `sites` means every site, `language` what the browser asks for."""

    name: str
    role: Role
    sites: tuple[str, ...] = ()
    password_hash: str = field(repr=False, default="")
    totp_secret: str = field(repr=False, default="")
    email: str = ""
    epoch: int = 0
    disabled: bool = False
    created_at: float = 0.0
    language: str = ""

    def may_see(self, site: str) -> bool:
        """Tell whether this person moderates that site."""
        return not self.sites or site in self.sites
