"""Whatever a schema allows, the action takes; what it took, it can write back in the same form."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, assume, given, settings
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from integrations.registry import catalogue
from integrations.sdk import Connector, Context, FileRef, InvalidParams, Text
from tests.contracts.contract_values import values_of

ACTIONS = sorted(catalogue().values(), key=lambda action: action.id)
quick = settings(
    max_examples=8,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def check_input(action, params):
    try:
        typed = action.parse(params)
    except InvalidParams as error:
        # A rule that JSON Schema cannot state is fine as long as the message says what to do.
        assert all(problem.message for problem in error.problems)
        assume(False)
    # Clients send back what they see: the written form is valid and means the same.
    written = typed.model_dump(mode="json", by_alias=True, exclude_unset=True)
    Draft202012Validator(action.input_schema).validate(written)
    assert action.parse(written) == typed


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_parameters_round_trip(action):
    @quick
    @given(values_of(action.input_schema))
    def check(params):
        check_input(action, params)

    check()


SAMPLE = Connector("sample", title=Text("Sample", "견본"), description=Text("Sample", "견본"))


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    names: list[str]
    when: date | None = None
    price: Decimal = Field(default=Decimal("0"), ge=0, max_digits=12, decimal_places=2)


class Outer(BaseModel):
    inner: Inner
    by_name: dict[str, Inner] = {}
    colour: Colour = Colour.RED
    choice: Inner | FileRef | int | None = None


@SAMPLE.action(title=Text("Everything", "모두"))
async def everything(
    ctx: Context,
    file: FileRef,
    files: list[FileRef],
    outer: Outer,
    kind: Literal["a", "b", 3] = "a",
    colours: set[Colour] = set(),  # noqa: B006
    count: Annotated[int, Field(ge=1, le=9, multiple_of=2)] = 2,
    pair: tuple[int, str] = (1, "x"),
    maybe: float | None = None,
    flag: bool = False,
    at: datetime | None = None,
    anything: Any = None,
) -> dict[str, Outer | list[FileRef]]:
    """Takes one of everything."""
    return {"outer": outer, "files": files}


def test_every_kind_of_type_round_trips_in_and_out():
    @settings(quick, max_examples=60)
    @given(values_of(everything.input_schema))
    def check(params):
        check_input(everything, params)

    check()


async def test_results_meet_their_schema():
    params = {
        "file": {"id": "f", "name": "a.txt"},
        "files": [{"id": "g", "name": "b.txt", "size": 3}],
        "outer": {"inner": {"names": ["x"], "when": "2026-01-02", "price": "1.50"}, "choice": {"id": "h", "name": "c"}},
    }
    result = await everything.invoke(Context(http=None), params)
    Draft202012Validator(everything.output_schema).validate(result)
    assert result["outer"]["inner"] == {"names": ["x"], "when": "2026-01-02", "price": "1.50"}
    assert result["outer"]["choice"]["id"] == "h" and result["files"][0]["size"] == 3


@pytest.mark.parametrize(
    ("params", "field", "remedy"),
    [
        ({}, "file", "Give a value"),
        ({"file": {"id": "1"}}, "file.name", "Give a value"),
        ({"count": 12}, "count", "at most 9"),
        ({"count": 0}, "count", "at least 1"),
        ({"kind": "c"}, "kind", "Use one of: 'a', 'b' or 3"),
        ({"outer": {"inner": {"names": [1]}}}, "outer.inner.names[0]", "type string"),
        ({"typo": 1}, "typo", "known fields are"),
    ],
)
def test_wrong_parameters_name_field_and_remedy(params, field, remedy):
    with pytest.raises(InvalidParams) as caught:
        everything.parse(params)
    assert any(problem.field == field and remedy in problem.remedy for problem in caught.value.problems)
