"""The workflow engine: pure async Python over ports. See docs/contributors/engine.md."""

from workflows.engine.errors import Failure, InvalidInput, NodeTimeout, RunError
from workflows.engine.plan import Plan, compile
from workflows.engine.ports import (
    Actions,
    Cancel,
    Checkpoint,
    Clock,
    Ended,
    Event,
    Given,
    Journal,
    NeverCancelled,
    NodeCall,
    NodeRecord,
    NoSubworkflows,
    NullJournal,
    Options,
    Ports,
    Subworkflows,
    SystemClock,
)
from workflows.engine.run import run
from workflows.engine.state import Result, Waiting

__all__ = [
    "Actions",
    "Cancel",
    "Checkpoint",
    "Clock",
    "Ended",
    "Event",
    "Failure",
    "Given",
    "InvalidInput",
    "Journal",
    "NeverCancelled",
    "NoSubworkflows",
    "NodeCall",
    "NodeRecord",
    "NodeTimeout",
    "NullJournal",
    "Options",
    "Plan",
    "Ports",
    "Result",
    "RunError",
    "Subworkflows",
    "SystemClock",
    "Waiting",
    "compile",
    "run",
]
