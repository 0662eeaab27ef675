"""Every finding of the validation, each with node, field and remedy in both languages."""

from string import Formatter

import pytest

from workflows.definition import MAX_NODES, MappingCatalogue, SimpleAction, infer_output_schema, load, validate
from workflows.definition.messages import MESSAGES, finding

ROW = {"type": "object", "properties": {"code": {"type": "string"}, "price": {"type": "integer"}}, "required": ["code"]}
RANKING = SimpleAction(
    id="kis.rank",
    input_schema={
        "type": "object",
        "properties": {
            "market": {"$ref": "#/$defs/Market"},
            "count": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
            "names": {"type": "array", "items": {"type": "string"}},
            "filter": {"anyOf": [{"type": "object", "properties": {"above": {"type": "number"}}}, {"type": "null"}]},
        },
        "required": ["market"],
        "additionalProperties": False,
        "$defs": {"Market": {"enum": ["KOSPI", "KOSDAQ"]}},
    },
    output_schema={
        "type": "object",
        "properties": {"rows": {"type": "array", "items": {"$ref": "#/$defs/Row"}}, "as_of": {"type": "string"}},
        "required": ["rows"],
        "additionalProperties": False,
        "$defs": {"Row": ROW},
    },
)
CATALOGUE = MappingCatalogue({"kis.rank": RANKING, "any.thing": SimpleAction(id="any.thing", ports=("found",))})


def rank(id="rank", **params):
    return {"id": id, "action": "kis.rank", "params": {"market": "KOSPI", **params}}


def thing(id="b", **params):
    return {"id": id, "action": "any.thing", "params": params}


def edge(source="rank", target="b", **more):
    return {"from": source, "to": target, **more}


def issues(nodes, edges=(), **more):
    return validate(load({"nodes": list(nodes), "edges": list(edges), **more}), CATALOGUE)


def body(*nodes, edges=(), **output):
    return {"nodes": list(nodes), "edges": list(edges), "output": output}


MAP = {"id": "each", "action": "flow.map"}
TABLE = {
    "unknown action": ([{"id": "a", "action": "no.such"}], [], {}, ("unknown_action", "a", "action")),
    "unknown flow action": ([{"id": "a", "action": "flow.teleport"}], [], {}, ("unknown_action", "a", "action")),
    "cycle": ([thing("a"), thing("b")], [edge("a", "b"), edge("b", "a")], {}, ("cycle", "a", "edges")),
    "cycle of one": ([thing("a")], [edge("a", "a")], {}, ("cycle", "a", "edges")),
    "dangling edge": ([rank()], [edge("rank", "ghost")], {}, ("dangling_edge", "rank", "edges[0].to")),
    "dangling source": ([rank()], [edge("ghost", "rank")], {}, ("dangling_edge", "rank", "edges[0].from")),
    "unknown port": ([rank(), thing()], [edge(port="left")], {}, ("unknown_port", "rank", "edges[0].port")),
    "error port without branch": (
        [rank(), thing()],
        [edge(port="error")],
        {},
        ("unknown_port", "rank", "edges[0].port"),
    ),
    "unreachable": ([rank(), thing()], [edge(port="left")], {}, ("unreachable", "b", "")),
    "unreachable behind stop": (
        [{"id": "s", "action": "flow.stop", "params": {"message": "x"}}, thing()],
        [edge("s", "b")],
        {},
        ("unreachable", "b", ""),
    ),
    "duplicate id": ([thing("a"), thing("a")], [], {}, ("duplicate_id", "a", "id")),
    "duplicate id in a body": (
        [thing("a"), MAP | {"params": {"items": []}, "body": body(thing("a"))}],
        [],
        {},
        ("duplicate_id", "a", "id"),
    ),
    "bad id": ([thing("a-b")], [], {}, ("bad_id", "a-b", "id")),
    "underscore id": ([thing("_a")], [], {}, ("bad_id", "_a", "id")),
    "reserved id": ([thing("input")], [], {}, ("reserved_id", "input", "id")),
    "keyword id": ([thing("class")], [], {}, ("reserved_id", "class", "id")),
    "missing parameter": ([{"id": "a", "action": "kis.rank"}], [], {}, ("missing_param", "a", "params.market")),
    "unknown parameter": ([rank(size=1)], [], {}, ("unknown_param", "rank", "params.size")),
    "wrong literal type": ([rank(count="ten")], [], {}, ("type_mismatch", "rank", "params.count")),
    "wrong literal value": ([rank(count=500)], [], {}, ("bad_value", "rank", "params.count")),
    "wrong choice": ([rank(market="NYSE")], [], {}, ("bad_value", "rank", "params.market")),
    "wrong list item": ([rank(names=["a", 5])], [], {}, ("bad_value", "rank", "params.names[1]")),
    "reference of wrong type": (
        [rank(), rank("b", count="{{ rank.rows }}")],
        [edge()],
        {},
        ("type_mismatch", "b", "params.count"),
    ),
    "text where a number belongs": (
        [rank(count="{{ input.n }} rows")],
        [],
        {"inputs": {"type": "object", "properties": {"n": {}}}},
        ("type_mismatch", "rank", "params.count"),
    ),
    "wrong type deep inside": (
        [rank(), rank("b", filter={"above": "{{ rank.rows[0].code }}"})],
        [edge()],
        {},
        ("type_mismatch", "b", "params.filter.above"),
    ),
    "bad expression": ([rank(count="{{ 1 + }}")], [], {}, ("bad_expression", "rank", "params.count")),
    "bad edge condition": (
        [rank(), thing()],
        [edge(when="rank.rows +")],
        {},
        ("bad_expression", "rank", "edges[0].when"),
    ),
    "bad default value": (
        [thing("a") | {"on_error": {"policy": "default", "value": "{{ }}"}}],
        [],
        {},
        ("bad_expression", "a", "on_error.value"),
    ),
    "reference to nothing": ([thing(x="{{ ghost.x }}")], [], {}, ("unknown_reference", "b", "params.x")),
    "reference inside code": ([thing(x="{{ len(ghost.x) }}")], [], {}, ("unknown_reference", "b", "params.x")),
    "not upstream": ([rank(), thing(x="{{ rank.rows }}")], [], {}, ("not_upstream", "b", "params.x")),
    "itself": ([thing(x="{{ b.y }}")], [], {}, ("not_upstream", "b", "params.x")),
    "output of a ghost": ([rank()], [], {"output": {"x": "{{ ghost }}"}}, ("unknown_reference", "", "output.x")),
    "unknown field": ([rank(), thing(x="{{ rank.rowz }}")], [edge()], {}, ("unknown_field", "b", "params.x")),
    "undeclared input": ([thing(x="{{ input.n }}")], [], {}, ("unknown_field", "b", "params.x")),
    "error without a branch": ([thing(x="{{ error.code }}")], [], {}, ("unknown_reference", "b", "params.x")),
    "item outside a body": ([thing(x="{{ item }}")], [], {}, ("unknown_reference", "b", "params.x")),
    "node of another body": (
        [MAP | {"params": {"items": []}, "body": body(thing("inner"))}, thing(x="{{ inner.x }}")],
        [edge("each", "b")],
        {},
        ("not_upstream", "b", "params.x"),
    ),
    "later node from a body": (
        [MAP | {"params": {"items": []}, "body": body(thing("inner", x="{{ b.y }}"))}, thing()],
        [edge("each", "b")],
        {},
        ("not_upstream", "inner", "params.x"),
    ),
    "missing body": ([MAP | {"params": {"items": []}}], [], {}, ("missing_body", "each", "body")),
    "unexpected body": ([thing("a") | {"body": body(thing("c"))}], [], {}, ("unexpected_body", "a", "body")),
    "no nodes": ([], [], {}, ("no_nodes", "", "nodes")),
    "inputs of another type": ([thing()], [], {"inputs": {"type": "array"}}, ("bad_inputs", "", "inputs")),
    "inputs no schema": (
        [thing()],
        [],
        {"inputs": {"type": "object", "properties": {"a": {"type": "int"}}}},
        ("bad_inputs", "", "inputs.properties.a.type"),
    ),
    "inputs from elsewhere": (
        [thing()],
        [],
        {"inputs": {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/x"}}}},
        ("bad_inputs", "", "inputs"),
    ),
    "default that does not fit": (
        [thing()],
        [],
        {"inputs": {"type": "object", "properties": {"a": {"type": "integer", "default": "x"}}}},
        ("bad_default", "", "inputs.properties.a.default"),
    ),
    "wait without a time": ([{"id": "w", "action": "flow.wait"}], [], {}, ("missing_param", "w", "params.seconds")),
}


@pytest.mark.parametrize("name", TABLE)
def test_each_fault_is_found_with_its_place_and_a_remedy(name):
    nodes, edges, more, expected = TABLE[name]

    found = issues(nodes, edges, **more)

    match = [issue for issue in found if (issue.code, issue.node, issue.field) == expected]
    assert match, [(issue.code, issue.node, issue.field) for issue in found]
    assert match[0].severity == "error"
    for language in ("en", "ko"):
        words = match[0].as_dict(language)
        assert words["message"]
        assert words["remedy"]


def test_a_sound_definition_has_no_findings():
    found = issues(
        [
            rank(count="{{ input.n }}", filter={"above": "{{ input.n * 2 }}"}),
            {"id": "check", "action": "flow.condition", "params": {"condition": "{{ len(rank.rows) > 3 }}"}},
            {
                "id": "each",
                "action": "flow.map",
                "params": {"items": "{{ rank.rows }}", "concurrency": 2},
                "body": body(
                    rank("inner", count="{{ item.price }}", names=["{{ item.code }}", "x {{ index }}"]),
                    code="{{ item.code }}",
                ),
            },
            thing("rescue", why="{{ error.message }}") | {"title": "Rescue"},
            thing("odd") | {"on_error": {"policy": "branch"}},
        ],
        [
            edge("rank", "check"),
            edge("check", "each", port="true", when="rank.as_of"),
            edge("rank", "odd"),
            edge("odd", "rescue", port="error"),
        ],
        inputs={"type": "object", "properties": {"n": {"type": "integer", "default": 5}}},
        output={"codes": "{{ each.results[0].code }}", "all": "{{ pluck(each.results, 'code') }}", "five": 5},
    )

    assert found == []


def test_warnings_do_not_forbid_running():
    open_schema = SimpleAction(id="o.pen", output_schema={"type": "object", "properties": {"x": {}}})
    catalogue = MappingCatalogue({"o.pen": open_schema, **CATALOGUE.actions})
    definition = load(
        {
            "nodes": [
                {"id": "a", "action": "o.pen"},
                thing(x="{{ a.y }}"),
                MAP | {"params": {"items": []}, "retry": {"max_attempts": 2}, "body": body(thing("c"))},
            ],
            "edges": [edge("a", "b"), edge("a", "b")],
        }
    )

    found = validate(definition, catalogue)

    assert {issue.code for issue in found} == {"unknown_field", "duplicate_edge", "ignored_retry"}
    assert {issue.severity for issue in found} == {"warning"}


def test_errors_come_before_warnings():
    found = issues([rank(), thing(x="{{ ghost }}")], [edge(), edge()])

    assert [issue.severity for issue in found] == ["error", "warning"]


def test_too_many_nodes_and_too_deep_bodies():
    many = issues([thing(f"n{number}") for number in range(MAX_NODES + 1)])
    deep = thing("deep")
    for number in range(8):
        deep = {"id": f"m{number}", "action": "flow.map", "params": {"items": []}, "body": body(deep)}

    assert [issue.code for issue in many] == ["too_many_nodes"]
    assert "too_deep" in {issue.code for issue in issues([deep])}


def test_a_hostile_input_schema_is_cheap_to_check():
    wide = {f"p{number}": {"$ref": "#/$defs/A"} for number in range(30)}
    schemas = [
        {"properties": {"a": {"type": "string", "pattern": "(a+)+$", "default": "a" * 40 + "b"}}},
        {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"type": "object", "properties": wide}}},
        {"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}] * 3}}},
        {"properties": {"a": {"$ref": "#/$defs/A", "default": 1}}, "$defs": {"A": {"$ref": "#/$defs/A"}}},
        {"properties": 5},
        {"properties": {"a": {"pattern": "("}}},
    ]
    for schema in schemas:
        data = {
            "nodes": [thing(x="{{ input.a.b }}")],
            "inputs": {"type": "object", **schema},
            "output": {"a": "{{ input.a }}"},
        }

        assert isinstance(validate(load(data), CATALOGUE), list)
        assert len(str(infer_output_schema(load(data), CATALOGUE))) < 1_000_000


def test_the_output_schema_follows_the_actions():
    definition = load(
        {
            "nodes": [
                rank(),
                MAP | {"params": {"items": "{{ rank.rows }}"}, "body": body(thing("c"), code="{{ item.code }}")},
                thing("maybe"),
                {"id": "join", "action": "flow.merge"},
            ],
            "edges": [edge("rank", "each"), edge("rank", "maybe", when="rank.rows"), edge("rank", "join")],
            "inputs": {"type": "object", "properties": {"n": {"type": "integer"}}},
            "output": {
                "rows": "{{ rank.rows }}",
                "n": "{{ input.n }}",
                "text": "{{ input.n }}!",
                "each": "{{ each.results }}",
                "maybe": "{{ maybe.x }}",
                "fixed": {"a": 1, "b": "{{ rank.as_of }}"},
                "join": "{{ join }}",
            },
        }
    )

    schema = infer_output_schema(definition, CATALOGUE)["properties"]

    assert schema["rows"] == {"type": "array", "items": ROW}
    assert schema["n"] == {"type": "integer"}
    assert schema["text"] == {"type": "string"}
    assert schema["each"]["items"]["properties"] == {"code": {"type": "string"}}
    assert schema["maybe"] == {}
    assert schema["fixed"]["properties"]["b"] == {"type": "string"}
    assert schema["join"]["properties"]["rank"]["properties"]["rows"] == {"type": "array", "items": ROW}


def test_an_output_from_a_branch_that_may_be_skipped_may_be_null():
    nodes = [
        rank(),
        rank("b"),
        rank("c"),
        rank("d") | {"on_error": {"policy": "branch"}},
        rank("e") | {"disabled": True},
        rank("f"),
    ]
    definition = load(
        {
            "nodes": nodes,
            "edges": [edge(target="b", when="rank.rows"), edge("b", "c"), edge("rank", "f"), edge("b", "f")],
            "output": {name: f"{{{{ {name}.as_of }}}}" for name in ("rank", "b", "c", "d", "e", "f")},
        }
    )

    schema = infer_output_schema(definition, CATALOGUE)["properties"]

    optional = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    sure = {"type": "string"}
    assert schema == {"rank": sure, "b": optional, "c": optional, "d": optional, "e": optional, "f": sure}


def test_every_message_can_be_filled_in_and_is_bilingual():
    blanks = {
        name for words in MESSAGES.values() for text in words for _, name, _, _ in Formatter().parse(text) if name
    }
    values = dict.fromkeys(blanks, 1)
    for key in MESSAGES:
        issue = finding(key, **values)
        assert issue.message.en != issue.message.ko
        assert issue.remedy.en
        assert issue.remedy.ko
