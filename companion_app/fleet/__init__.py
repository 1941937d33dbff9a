"""The fleet: every image made once, on whichever ComfyUI server can and is free first.

fleet        all servers, the line of waiting jobs, who takes what
server       one server and the task that keeps it busy
errands      the jobs on one server, each made, stored or handed on
errand       one prompt on one server, from its post to its picture
waiting      the line, and which job a server takes next (pure)
eligibility  which server may make which job, and why another will not
forecast     who will probably make what, and when (pure)
verdicts     jobs that failed or were called off, until the log knows
client, replies, listener, wire, discovery, pictures    ComfyUI's protocol
"""

from .fleet import Fleet
from .jobs import Job, JobLog
from .progress import ProgressStream
from .status import ServerState, ServerStatus

__all__ = ["Fleet", "Job", "JobLog", "ProgressStream", "ServerState", "ServerStatus"]
