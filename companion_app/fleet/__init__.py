"""The fleet: every image made once, on whichever ComfyUI server can and is free first.

fleet, dispatcher   all servers, and what they ask: who takes what, and what nobody makes
server              one server and the task that keeps it busy; breaker: when it is left alone
errands, errand     the jobs on one server, and one prompt from its post to its end; rendering: from
                    graph to stored picture; orphans: prompts nobody wants any more
line, shelves       who is served first: priorities, fair share, batches (pure)
placement           which job a server takes next (pure), over lanes and speeds (what is known of
                    servers), makers (who can), needs (is another checkpoint worth loading), recalls
                    (what waits at the wrong server), outlook and foresight (the work ahead, dealt
                    on paper)
eligibility         which server may make which job, and why another will not
asking              what is asked of all servers until one answers
aside               a small picture made beside the line, for the studio's own eyes
logbook, verdicts   the job log, patient while the storage fails
overview, news      what can be seen from outside; progress: the stream of events
client, replies, listener, wire, discovery, probe    ComfyUI's protocol
"""

from .fleet import Fleet
from .jobs import FaultKind, Job, JobLog, Place, ScoreWish, Told
from .progress import ProgressStream
from .status import ServerState, ServerStatus

__all__ = [
    "FaultKind",
    "Fleet",
    "Job",
    "JobLog",
    "Place",
    "ProgressStream",
    "ScoreWish",
    "ServerState",
    "ServerStatus",
    "Told",
]
