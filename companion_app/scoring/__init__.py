"""Scoring pictures beside the studio: nothing else in it loads torch.

What is imported here the studio imports too; the modules of ``vibes.scoring`` load torch only when
a model is loaded.
"""

from .desk import Answer, Equipment, Scored, Task, Unscorable
from .process import Loaded, ProcessEnded, ScoringProcess
from .readiness import Readiness, Ready

__all__ = [
    "Answer",
    "Equipment",
    "Loaded",
    "ProcessEnded",
    "Readiness",
    "Ready",
    "Scored",
    "ScoringProcess",
    "Task",
    "Unscorable",
]
