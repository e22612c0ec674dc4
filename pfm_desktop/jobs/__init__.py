"""One way to run long work: a plain function `job(ctx, ...)`, told about through frozen events."""

from pfm_desktop.jobs.context import CallbackContext, Cancelled, Context, SilentContext
from pfm_desktop.jobs.events import Event, Failed, Finished, Progress, Stopped
from pfm_desktop.jobs.runner import Handle, InlineRunner, ProcessRunner, Runner, ThreadRunner, wait_for_threads

__all__ = [
    "CallbackContext",
    "Cancelled",
    "Context",
    "Event",
    "Failed",
    "Finished",
    "Handle",
    "InlineRunner",
    "ProcessRunner",
    "Progress",
    "Runner",
    "SilentContext",
    "Stopped",
    "ThreadRunner",
    "wait_for_threads",
]
