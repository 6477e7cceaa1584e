"""JSON of others, read strictly: an error names the field or the place, never what stands there."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import Any, NoReturn

from service.errors import Invalid

# The store and the protocols have no word for them: NUL, and half of a surrogate pair.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def parse_json(body: bytes, field: str = "body") -> dict[str, Any]:
    """Parse a JSON object strictly: UTF-8, with or without its mark, no key twice, no NaN."""
    refuse = partial(_no_constant, field)
    try:
        raw = json.loads(_text(body, field), object_pairs_hook=unique, parse_constant=refuse)
    except RecursionError:
        raise Invalid(field, "nested too deeply") from None
    except json.JSONDecodeError as error:
        # It names what was expected, never the text.
        raise Invalid(field, f"not JSON: {error.msg}: character {error.pos + 1}") from None
    except ValueError:
        # Of what is JSON, only a whole number can be too long for Python.
        raise Invalid(field, "holds a number of too many digits") from None
    if not isinstance(raw, dict):
        raise Invalid(field, "must be a JSON object")
    return raw


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a dict of named values; refuses a name that comes twice or that nothing can store."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        if name in result:
            raise Invalid(named(name), "given twice")
        if UNSTORABLE.search(name):
            raise Invalid(named(name), "holds a NUL character or half of a surrogate pair")
        result[name] = value
    return result


def named(name: str) -> str:
    """Write the name of a field so that it can be said anywhere."""
    return name.encode("ascii", "backslashreplace").decode()[:64]


def _text(body: bytes, field: str) -> str:
    try:
        # What ends early is missed at its end, not on the line after.
        return body.decode("utf-8-sig").rstrip(" \t\r\n")
    except UnicodeDecodeError as error:
        raise Invalid(field, f"not UTF-8 at byte {error.start}") from None


def _no_constant(field: str, name: str) -> NoReturn:
    raise Invalid(field, f"{name} is not JSON")
