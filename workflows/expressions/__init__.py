"""`{{ … }}`: plain paths are walked directly, anything else is Python's expression subset in a sandbox."""

from workflows.expressions.errors import ExpressionError, ExpressionSyntaxError, MissingPath
from workflows.expressions.functions import LIBRARY, SCOPE_NAMES
from workflows.expressions.paths import Parts, Scope, show_path
from workflows.expressions.port import Sandbox
from workflows.expressions.templates import Value, compile_value

__all__ = [
    "LIBRARY",
    "SCOPE_NAMES",
    "ExpressionError",
    "ExpressionSyntaxError",
    "MissingPath",
    "Parts",
    "Sandbox",
    "Scope",
    "Value",
    "compile_value",
    "show_path",
]
