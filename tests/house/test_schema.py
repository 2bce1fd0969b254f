"""The schema file is current and fully described, and the example queries are valid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    build_schema,
    parse,
    validate,
)
from graphql.type import is_introspection_type, is_specified_scalar_type

from tests.python import python

ROOT = Path(__file__).parents[2]
SDL = (ROOT / "schema.graphql").read_text(encoding="utf-8")
SCHEMA = build_schema(SDL)
QUERIES = sorted((ROOT / "queries").glob("*.graphql"))


def test_schema_file_is_current() -> None:
    printed = python("-m", "graphfold", "schema", cwd=ROOT)
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout == SDL, "mend it with: uv run graphfold schema > schema.graphql"


def test_schema_has_all_descriptions() -> None:
    own = [type_ for type_ in SCHEMA.type_map.values() if not is_introspection_type(type_)]
    parts = [part for type_ in own if not is_specified_scalar_type(type_) for part in described(type_)]
    assert [name for name, description in parts if not description] == []


def described(type_: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    """Return the names and descriptions of a type, its fields and values, and their arguments."""
    yield type_.name, type_.description
    if isinstance(type_, GraphQLEnumType):
        for name, value in type_.values.items():
            yield f"{type_.name}.{name}", value.description
    if isinstance(type_, GraphQLInputObjectType):
        for name, given in type_.fields.items():
            yield f"{type_.name}.{name}", given.description
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in type_.fields.items():
            yield f"{type_.name}.{name}", field.description
            for argument, taken in field.args.items():
                yield f"{type_.name}.{name}({argument}:)", taken.description


@pytest.mark.parametrize("file", QUERIES, ids=lambda file: file.stem)
def test_example_query_is_valid(file: Path) -> None:
    assert validate(SCHEMA, parse(file.read_text(encoding="utf-8"))) == []


def test_editor_configuration_names_schema_and_queries() -> None:
    configuration = (ROOT / ".graphqlrc.yml").read_text(encoding="utf-8")
    assert "\nschema: schema.graphql\n" in configuration
    assert "\ndocuments: queries/*.graphql\n" in configuration
    assert "url: http://127.0.0.1:8000/graphql\n" in configuration
    assert QUERIES
