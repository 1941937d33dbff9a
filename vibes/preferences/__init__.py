"""What the user likes: events, the statistics folded from them, and the policies that learn."""

from __future__ import annotations

from vibes.recipes import Candidate, LoraUse

from .apportion import apportion
from .choice import Choice, Part
from .event_json import event_from_dict
from .events import (
    Event,
    GridEvent,
    GridRejected,
    GridSubmitted,
    ImageActed,
    ImageRated,
    ParametersChanged,
    ShownImage,
    SuggestionChanged,
)
from .forgetting import Forget
from .habits import Habit, Habits
from .lessons import lesson
from .outcomes import latest_outcomes, outcome_of, without_superseded
from .policies import POLICIES, load_policy, new_policy
from .policy import Explanation, GridOutcome, Policy, Pool, Propensity, Proposal, Term
from .portable import export_document, import_document
from .rates import confidence, interval
from .recommendation import CheckpointRecommendation, lora_evidence, recommend_checkpoint
from .statistics import Statistics, StatRow
from .tally import TYPES
from .taste import Effect, LoraVerdict, Prior, Taste, Verdict

__all__ = [
    "POLICIES",
    "TYPES",
    "Candidate",
    "CheckpointRecommendation",
    "Choice",
    "Effect",
    "Event",
    "Explanation",
    "Forget",
    "GridEvent",
    "GridOutcome",
    "GridRejected",
    "GridSubmitted",
    "Habit",
    "Habits",
    "ImageActed",
    "ImageRated",
    "LoraUse",
    "LoraVerdict",
    "ParametersChanged",
    "Part",
    "Policy",
    "Pool",
    "Prior",
    "Propensity",
    "Proposal",
    "ShownImage",
    "StatRow",
    "Statistics",
    "SuggestionChanged",
    "Taste",
    "Term",
    "Verdict",
    "apportion",
    "confidence",
    "event_from_dict",
    "export_document",
    "import_document",
    "interval",
    "latest_outcomes",
    "lesson",
    "load_policy",
    "lora_evidence",
    "new_policy",
    "outcome_of",
    "recommend_checkpoint",
    "without_superseded",
]
