"""Problems of the pure packages as errors of the product."""

from __future__ import annotations

from portal.common.errors import Conflict, FieldProblem, Invalid, PortalError
from timeseries.data.errors import ArtefactProblem, DataProblem


def as_portal_error(problem: DataProblem | ArtefactProblem) -> PortalError:
    """422 naming field, row and column for data; 409 for a stored model that is damaged."""
    if isinstance(problem, ArtefactProblem):
        return Conflict(str(problem), code="model_damaged", remedy="Train the model again.")
    place = problem.field
    details = {key: value for key, value in problem.as_dict().items() if key in ("row", "column")}
    return Invalid(
        problem.message,
        code=problem.code,
        problems=[FieldProblem(place, problem.message)],
        details=details,
    )
