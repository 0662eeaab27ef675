"""Everything that is not a plain path: Python's expressions, rewritten so that the sandbox sees only the data it needs.

`len(rank.rows) > input.count` becomes `len(_p0) > _p1`: paths are walked outside, their values travel in. A path that
leads nowhere stays unbound, so it is an error only if the expression really reads it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Any

from integrations.sdk.sandbox import CodeError, CodeSyntaxError, LimitExceeded
from workflows.expressions.errors import ExpressionError, ExpressionSyntaxError, MissingPath
from workflows.expressions.functions import BUILTINS, LAZY, LIBRARY, prelude
from workflows.expressions.paths import Parts, Scope, walk
from workflows.expressions.port import Sandbox

MAX_EXPRESSION = 4_000
MAX_NESTING = 60
_UNBOUND = re.compile(r"NameError: name '(_p\d+)' is not defined")
_REFUSED: dict[type[ast.AST], str] = {
    ast.Await: "await",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.NamedExpr: "`:=`",
}


class CodeExpression:
    """One compiled expression: its rewritten source and the paths it reads."""

    __slots__ = ("either", "paths", "prelude", "source", "text")

    def __init__(self, text: str, offset: int = 0) -> None:
        """Raises `ExpressionSyntaxError`; `offset` is where `text` starts in the whole parameter."""
        self.text = text
        tree = _parse(text, offset)
        rewriter = _Rewriter(text, offset)
        try:
            body = rewriter.visit(tree.body)
            if isinstance(body, ast.Call) and isinstance(body.func, ast.Name) and body.func.id in LAZY:
                body = ast.Call(ast.Name("list", ast.Load()), [body], [])
            source = ast.unparse(ast.fix_missing_locations(body))
        except RecursionError:
            raise ExpressionSyntaxError("The expression is nested too deeply.", position=offset) from None
        self.prelude = prelude(rewriter.functions)
        self.source = source
        #: (name inside the sandbox, path, whether a missing value is fine)
        self.paths: tuple[tuple[str, Parts, bool], ...] = tuple(
            (name, parts, optional) for (parts, optional), name in rewriter.paths.items()
        )

        #: (name inside the sandbox, word): a node of that name if there is one, else the function, as in `key=len`.
        self.either: tuple[tuple[str, str], ...] = tuple((name, word) for word, name in rewriter.either.items())

    @property
    def references(self) -> Iterable[Parts]:
        return (parts for _, parts, _ in self.paths)

    async def evaluate(self, scope: Scope, sandbox: Sandbox) -> Any:
        """The value as plain data; raises `MissingPath` or `ExpressionError`."""
        values: dict[str, Any] = {}
        missing: dict[str, MissingPath] = {}
        for name, parts, optional in self.paths:
            try:
                values[name] = walk(parts, scope)
            except MissingPath as error:
                if optional:
                    values[name] = None
                else:
                    missing[name] = error
        aliases = ""
        for name, word in self.either:
            if word in scope:
                values[name] = scope.get(word)
            else:
                aliases += f"{name} = {word}\n"
        try:
            return await sandbox.evaluate(self.prelude + aliases + self.source, values)
        except CodeError as error:
            unbound = _UNBOUND.search(error.message)
            if unbound and unbound[1] in missing:
                raise missing[unbound[1]] from None
            raise self._failed(error) from None

    def _failed(self, error: CodeError) -> ExpressionError:
        code = error.error_code if isinstance(error, LimitExceeded | CodeSyntaxError) else "expression_failed"
        shown = self.text.strip() if len(self.text) <= 120 else self.text.strip()[:117] + "…"
        return ExpressionError(
            f"`{{{{ {shown} }}}}` failed: {error.message}", code=code, remedy=error.remedy or "Check the expression."
        )


def _parse(text: str, offset: int) -> ast.Expression:
    if len(text) > MAX_EXPRESSION:
        raise ExpressionSyntaxError(
            f"The expression has {len(text):,} characters; at most {MAX_EXPRESSION:,} are allowed.",
            position=offset,
            remedy="Use a Python node for longer code.",
        )
    stripped = text.strip()
    lead = offset + len(text) - len(text.lstrip())
    if not stripped:
        raise ExpressionSyntaxError("The expression is empty.", position=offset, remedy="Write a path or remove {{ }}.")
    try:
        # Parentheses let an expression span lines, as it may inside {{ }}.
        tree = ast.parse(f"({stripped}\n)", mode="eval")
    except SyntaxError as error:
        at = _offset_of(stripped, error.lineno or 1, (error.offset or 1) - 1) if error.lineno else 0
        raise ExpressionSyntaxError(
            f"This is not a valid expression: {error.msg.rstrip('.?')}.", position=lead + min(at, len(stripped))
        ) from None
    except (RecursionError, MemoryError):
        raise ExpressionSyntaxError("The expression is nested too deeply.", position=offset) from None
    except ValueError:  # a null character, or a number of more than 4,300 digits
        raise ExpressionSyntaxError(
            "The expression holds a character or number Python refuses.", position=lead
        ) from None
    if _depth(tree) > MAX_NESTING:
        raise ExpressionSyntaxError("The expression is nested too deeply.", position=offset)
    return tree


def _depth(tree: ast.AST) -> int:
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        if deepest > MAX_NESTING:
            break
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return deepest


def _offset_of(text: str, line: int, column: int) -> int:
    """Character offset of a position that counts the added parenthesis on its first line."""
    lines = text.split("\n")
    before = sum(len(lines[number]) + 1 for number in range(min(line - 1, len(lines))))
    return max(0, before + column - (1 if line == 1 else 0))


class _Rewriter(ast.NodeTransformer):
    def __init__(self, text: str, offset: int) -> None:
        self.text, self.offset = text, offset
        self.paths: dict[tuple[Parts, bool], str] = {}
        self.functions: set[str] = set()
        self.either: dict[str, str] = {}
        self.locals: list[set[str]] = []

    def refuse(self, node: ast.AST, message: str, remedy: str = "") -> ExpressionSyntaxError:
        stripped = self.text.strip()
        raw = stripped.split("\n")[max(0, getattr(node, "lineno", 1) - 1) :]
        column = getattr(node, "col_offset", 1) - (1 if getattr(node, "lineno", 1) == 1 else 0)
        column = len(raw[0].encode()[: max(0, column)].decode(errors="ignore")) if raw else 0
        at = _offset_of(stripped, getattr(node, "lineno", 1), column + (1 if getattr(node, "lineno", 1) == 1 else 0))
        lead = len(self.text) - len(self.text.lstrip())
        return ExpressionSyntaxError(message, position=self.offset + lead + at, remedy=remedy)

    def is_local(self, name: str) -> bool:
        return any(name in names for names in self.locals)

    def path_of(self, node: ast.AST) -> Parts | None:
        """The parts of a chain of fields and constant indexes that starts at a scope name."""
        parts: list[str | int] = []
        while True:
            if isinstance(node, ast.Attribute):
                self.check_field(node, node.attr)
                parts.append(node.attr)
                node = node.value
            elif isinstance(node, ast.Subscript) and (constant := _constant_index(node.slice)) is not None:
                parts.append(constant)
                node = node.value
            elif isinstance(node, ast.Name):
                if self.is_local(node.id) or (not parts and _is_function(node.id)):
                    return None
                self.check_name(node, node.id)
                parts.append(node.id)
                return tuple(reversed(parts))
            else:
                return None

    def check_name(self, node: ast.AST, name: str) -> None:
        if name.startswith("_"):
            raise self.refuse(node, f"`{name}`: names that start with an underscore are not available.")

    def check_field(self, node: ast.AST, name: str) -> None:
        if name.startswith("__"):
            raise self.refuse(node, f"`{name}`: names that start with two underscores are not available.")

    def bind(self, parts: Parts, optional: bool = False) -> ast.Name:
        name = self.paths.setdefault((parts, optional), f"_p{len(self.paths)}")
        return ast.Name(name, ast.Load())

    def visit(self, node: ast.AST) -> Any:
        for kind, word in _REFUSED.items():
            if isinstance(node, kind):
                raise self.refuse(node, f"{word} is not available in expressions.")
        return super().visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if self.is_local(node.id):
            return node
        self.check_name(node, node.id)
        if _is_function(node.id):
            self.functions.add(node.id)
            return ast.Name(self.either.setdefault(node.id, f"_f{len(self.either)}"), ast.Load())
        return self.bind((node.id,))

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if (parts := self.path_of(node)) is not None:
            return self.bind(parts)
        self.check_field(node, node.attr)
        self.functions.add("_field")
        return _call("_field", self.visit(node.value), ast.Constant(node.attr))

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if (parts := self.path_of(node)) is not None:
            return self.bind(parts)
        return ast.Subscript(self.visit(node.value), self.visit(node.slice), ast.Load())

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Attribute):
            self.check_field(node.func, node.func.attr)
            function: ast.expr = ast.Attribute(self.visit(node.func.value), node.func.attr, ast.Load())
        elif isinstance(node.func, ast.Name):
            name = node.func.id
            if not self.is_local(name) and not _is_function(name):
                known = ", ".join(sorted(BUILTINS | set(LIBRARY)))
                raise self.refuse(node.func, f"There is no function `{name}`.", f"Functions: {known}.")
            function = node.func
            if not self.is_local(name):
                self.functions.add(name)
            if name == "default" and not self.is_local(name) and node.args:
                parts = self.path_of(node.args[0])
                if parts is not None:
                    rest = [self.visit(argument) for argument in node.args[1:]]
                    keywords = [self.visit(item) for item in node.keywords]
                    return ast.Call(function, [self.bind(parts, optional=True), *rest], keywords)
        else:
            function = self.visit(node.func)
        return ast.Call(
            function, [self.visit(argument) for argument in node.args], [self.visit(item) for item in node.keywords]
        )

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        """f-strings become a join: written back as text, they could not hold every expression."""
        pieces = [self._piece(value) for value in node.values]
        return ast.Call(ast.Attribute(ast.Constant(""), "join", ast.Load()), [ast.List(pieces, ast.Load())], [])

    def _piece(self, value: ast.expr) -> ast.expr:
        if not isinstance(value, ast.FormattedValue):
            return value
        shown: ast.expr = self.visit(value.value)
        if value.conversion in {ord("r"), ord("a")}:
            shown = _call("repr", shown)
        elif value.conversion == ord("s"):
            shown = _call("str", shown)
        spec = self.visit(value.format_spec) if value.format_spec is not None else None
        return _call("format", shown, spec) if spec is not None else _call("str", shown)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]
        names = {argument.arg for argument in every}
        for argument in every:
            self.check_name(argument, argument.arg)
        arguments.defaults = [self.visit(value) for value in arguments.defaults]
        arguments.kw_defaults = [None if value is None else self.visit(value) for value in arguments.kw_defaults]
        self.locals.append(names)
        body = self.visit(node.body)
        self.locals.pop()
        return ast.Lambda(arguments, body)

    def _comprehension(self, node: Any) -> ast.AST:
        self.locals.append(set())
        for number, generator in enumerate(node.generators):
            if generator.is_async:
                raise self.refuse(node, "async is not available in expressions.")
            if number == 0:  # the first source is read outside
                mine = self.locals.pop()
                generator.iter = self.visit(generator.iter)
                self.locals.append(mine)
            else:
                generator.iter = self.visit(generator.iter)
            for target in ast.walk(generator.target):
                if isinstance(target, ast.Name):
                    self.check_name(target, target.id)
                    self.locals[-1].add(target.id)
                elif not isinstance(target, ast.Tuple | ast.List | ast.Starred | ast.expr_context):
                    raise self.refuse(node, "Only names may be bound in a comprehension.")
            generator.ifs = [self.visit(test) for test in generator.ifs]
        if isinstance(node, ast.DictComp):
            node.key, node.value = self.visit(node.key), self.visit(node.value)
        else:
            node.elt = self.visit(node.elt)
        self.locals.pop()
        # Generators do not exist in the sandbox's Python; a list does the same for bounded data.
        return ast.ListComp(node.elt, node.generators) if isinstance(node, ast.GeneratorExp) else node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension


def _is_function(name: str) -> bool:
    return name in BUILTINS or name in LIBRARY


def _constant_index(node: ast.AST) -> str | int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int) and not isinstance(node.value, bool):
        return node.value
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
        and type(node.operand.value) is int
    ):
        return -node.operand.value
    return None


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
