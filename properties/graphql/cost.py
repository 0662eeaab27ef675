"""What a query may cost: the number of objects it can bring, counted before anything is read."""

from __future__ import annotations

from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationRule,
)

MAX_COST = 6_000
MAX_ROWS = 100
DEFAULT_ROWS = 50
#: Objects that a list within one listing holds, roughly.
LISTS = {"adverts": 4, "history": 12, "images": 10, "platforms": 1}
#: A note counts rows over the whole workspace.
NOTE = 200


class CostRule(ValidationRule):
    """Refuses a query that may bring more than MAX_COST objects; says how many it could be and how to ask for less."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        """Count once per operation; fragments are counted wherever they are used."""
        fragments = {
            definition.name.value: definition
            for definition in self.context.document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        cost = _cost(node.selection_set, fragments, 0)
        if cost > MAX_COST:
            raise_to = f"The query may bring {cost:,} objects, {MAX_COST:,} are allowed. Ask for fewer with `first`."
            self.report_error(GraphQLError(raise_to, node))


def _cost(selected: SelectionSetNode | None, fragments: dict[str, FragmentDefinitionNode], depth: int) -> int:
    if selected is None or depth > 12:
        # Circles of fragments are refused by a rule of the language itself.
        return 0
    total = 0
    for node in selected.selections:
        if isinstance(node, FieldNode):
            times = _times(node)
            total += times * (1 + _cost(node.selection_set, fragments, depth + 1)) if node.selection_set else times - 1
        elif isinstance(node, InlineFragmentNode):
            total += _cost(node.selection_set, fragments, depth + 1)
        elif isinstance(node, FragmentSpreadNode) and (fragment := fragments.get(node.name.value)):
            total += _cost(fragment.selection_set, fragments, depth + 1)
    return total


def _times(node: FieldNode) -> int:
    """How many objects a field brings."""
    name = node.name.value
    if name == "propertiesNote":
        return NOTE
    if name != "properties":
        return LISTS.get(name, 1)
    for argument in node.arguments or ():
        if argument.name.value == "first":
            # A variable's value is not known yet, so it counts as the most that is allowed.
            return min(int(argument.value.value), MAX_ROWS) if isinstance(argument.value, IntValueNode) else MAX_ROWS
    return DEFAULT_ROWS
