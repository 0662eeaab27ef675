"""Documents: migrations, canonical form, hash, import and export."""

import json

import pytest

from portal.common.errors import Invalid
from workflows.definition import canonical_json, content_hash, export_document, import_document, load

NODE = {"id": "a", "action": "kis.rank", "params": {"n": 1}, "connection": "c1", "position": {"x": 5, "y": 6}}
INNER = {
    "id": "m",
    "action": "flow.map",
    "params": {"items": []},
    "body": {"nodes": [{"id": "i", "action": "x.y", "connection": "c2"}]},
}
DOCUMENT = {
    "schema_version": 1,
    "inputs": {"type": "object", "properties": {"n": {"type": "integer"}}},
    "nodes": [NODE, INNER],
    "edges": [{"from": "a", "to": "m"}],
    "output": {"r": "{{ a.rows }}"},
}


def test_a_document_comes_back_as_it_was_written():
    definition = load(DOCUMENT)

    assert load(definition.as_data()) == definition
    assert load(json.loads(canonical_json(definition))) == definition
    assert definition.as_data()["edges"] == [{"from": "a", "to": "m"}]


def test_one_content_has_one_canonical_text():
    shuffled = json.loads(json.dumps(dict(reversed(DOCUMENT.items()))))
    shuffled["nodes"][0] = {
        **dict(reversed(NODE.items())),
        "retry": {"max_attempts": 1},
        "on_error": {"policy": "stop"},
    }

    assert canonical_json(load(shuffled)) == canonical_json(load(DOCUMENT))


def test_the_hash_follows_what_a_workflow_does_and_not_how_it_looks():
    moved = {**DOCUMENT, "nodes": [{**NODE, "position": {"x": 99, "y": 1}, "note": "n", "title": "T"}, INNER]}
    changed = {**DOCUMENT, "nodes": [{**NODE, "params": {"n": 2}}, INNER]}

    assert content_hash(load(moved)) == content_hash(load(DOCUMENT))
    assert content_hash(load(changed)) != content_hash(load(DOCUMENT))


def test_export_leaves_the_connections_behind_and_import_reads_it_back():
    exported = json.loads(json.dumps(export_document(load(DOCUMENT), name="거래대금", description="d")))

    name, description, definition = import_document(exported)

    assert (name, description) == ("거래대금", "d")
    assert [node.connection for node in definition.every_node()] == [None, None, None]
    assert definition.nodes[0].params == {"n": 1}
    assert definition.nodes[0].position.x == 5


@pytest.mark.parametrize(
    "document", [{}, {"kind": "other", "definition": {}}, {"kind": "mcp-portal/workflow", "definition": 5}]
)
def test_other_files_are_refused(document):
    with pytest.raises(Invalid, match="not an exported workflow"):
        import_document(document)


def test_old_documents_are_migrated():
    old = {
        "schema_version": 0,
        "nodes": [
            {"id": "a", "action": "x.y", "on_error": "branch"},
            {
                "id": "m",
                "action": "flow.map",
                "body": {
                    "nodes": [{"id": "i", "action": "x.y", "on_error": None}],
                    "edges": [{"source": "i", "target": "i"}],
                },
            },
        ],
        "edges": [{"source": "a", "port": "error", "target": "m"}],
    }

    definition = load(old)

    assert definition.schema_version == 1
    assert definition.nodes[0].on_error.policy == "branch"
    assert (definition.edges[0].source, definition.edges[0].target) == ("a", "m")
    assert definition.nodes[1].body.edges[0].source == "i"


@pytest.mark.parametrize("version", [2, -1, "1", True, None, 1.5])
def test_unknown_versions_are_refused(version):
    with pytest.raises(Invalid) as caught:
        load({"schema_version": version})

    assert caught.value.problems[0].field == "schema_version"


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"nodes": 5}, "nodes"),
        ({"nodes": [{"id": 1, "action": "x"}]}, "nodes[0].id"),
        ({"nodes": [{"id": "a"}]}, "nodes[0].action"),
        ({"nodes": [{"id": "a", "action": "x", "retry": {"max_attempts": 0}}]}, "nodes[0].retry.max_attempts"),
        ({"nodes": [{"id": "a", "action": "x", "timeout": 0}]}, "nodes[0].timeout"),
        ({"edges": [{"from": "a"}]}, "edges[0].to"),
        ({"colour": 1}, "colour"),
    ],
)
def test_a_malformed_document_names_each_wrong_field(document, field):
    with pytest.raises(Invalid) as caught:
        load(document)

    assert field in {problem.field for problem in caught.value.problems}


def test_a_bottomless_document_is_refused():
    node = {"id": "x", "action": "a.b"}
    for number in range(2_000):
        node = {"id": f"m{number}", "action": "flow.map", "body": {"nodes": [node]}}

    with pytest.raises(Invalid):
        load({"nodes": [node]})
    with pytest.raises(Invalid):
        load({"schema_version": 0, "nodes": [node]})


def test_frames_and_notes_are_kept_and_change_nothing_of_what_runs():
    plain = {"nodes": [{"id": "a", "action": "text.echo"}], "edges": []}
    drawn = load(
        plain
        | {
            "groups": [{"id": "g", "title": "Fetch", "nodes": ["a"], "colour": "blue", "collapsed": True}],
            "notes": [{"id": "n", "text": "Ask Kim", "position": {"x": 10, "y": 20}}],
        }
    )

    assert drawn.as_data()["groups"] == [
        {"id": "g", "title": "Fetch", "colour": "blue", "nodes": ["a"], "collapsed": True}
    ]
    assert drawn.as_data()["notes"] == [{"id": "n", "text": "Ask Kim", "position": {"x": 10.0, "y": 20.0}}]
    assert content_hash(drawn) == content_hash(load(plain))
    with pytest.raises(Invalid):
        load(plain | {"groups": [{"id": "g", "colour": "invisible"}]})
