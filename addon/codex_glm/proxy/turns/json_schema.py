"""JSON Schemas, by the library `jsonschema`."""

from __future__ import annotations

from typing import Any, cast


def validate(schema: object, value: object) -> str:
    """Say what is wrong with a value by a schema; empty: nothing, or the schema itself is broken.

    A `$ref` to elsewhere is not followed: nothing is fetched.
    """
    # Takes a tenth of a second, and most turns want no schema.
    from jsonschema import exceptions, validators  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415
    from referencing.exceptions import Unresolvable  # noqa: PLC0415

    if not isinstance(schema, dict):
        return ""
    kind = validators.validator_for(schema, validators.Draft202012Validator)
    try:
        kind.check_schema(schema)
        error = exceptions.best_match(
            kind(schema, registry=Registry()).iter_errors(cast("Any", value))
        )
    except (exceptions.SchemaError, Unresolvable, RecursionError):
        return ""
    return f"{error.json_path}: {error.message[:500]}" if error else ""
