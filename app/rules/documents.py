"""Typed data as documents of plain lists, texts and numbers, for the database; and back.

    Grid → {"items": [{"is": "Item", "code": "12", "rate": {"is": "Table", …}}], …}

What a field says by default is left out, so that a field added later reads well in older documents. Fractions, days and
hours are texts (« 9/25 », « 2026-10-17 », « 08:59:59 »): nothing is ever a float.
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, time
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

Document = dict[str, Any]


class UnreadableDocument(ValueError):
    """A document that is not what it should be."""


def document_of(value: Any) -> Document:
    """The document of a dataclass."""
    document: Document = _written(value)
    return document


def read_document(document: Document, expected: type, module: types.ModuleType) -> Any:
    """The `expected` dataclass of a document, made of the dataclasses of a module. Raises UnreadableDocument."""
    try:
        value = _read(module, expected, document)
    except (AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise UnreadableDocument(str(error)) from error
    if not isinstance(value, expected):
        raise UnreadableDocument(f"a {expected.__name__} was expected")
    return value


def _written(value: Any) -> Any:
    if is_dataclass(value):
        document: Document = {"is": type(value).__name__}
        for field in fields(value):
            if field.init and getattr(value, field.name) != _default(field):
                document[field.name] = _written(getattr(value, field.name))
        return document
    if isinstance(value, Mapping):
        return [[list(key), amount] for key, amount in value.items()]
    if isinstance(value, frozenset):
        return sorted(_written(each) for each in value)
    if isinstance(value, tuple):
        return [_written(each) for each in value]
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return value.value if isinstance(value, StrEnum) else value


def _default(field: "Field[Any]") -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _read(module: types.ModuleType, expected: Any, value: Any) -> Any:
    """A written value as the type that its field expects."""
    if isinstance(value, dict):
        kind = _kinds(module)[value["is"]]
        hints = _hints(module, kind)
        return kind(**{name: _read(module, hints[name], each) for name, each in value.items() if name != "is"})
    if get_origin(expected) in (Union, types.UnionType):
        return _read_one_of(module, get_args(expected), value)
    if get_origin(expected) is tuple:
        inner = get_args(expected)
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(_read(module, inner[0], each) for each in value)
        return tuple(_read(module, kind, each) for kind, each in zip(inner, value, strict=True))
    if get_origin(expected) is frozenset:
        return frozenset(_read(module, get_args(expected)[0], each) for each in value)
    if get_origin(expected) is Mapping:
        return types.MappingProxyType({tuple(key): int(amount) for key, amount in value})
    if expected in (date, time):
        return expected.fromisoformat(value)
    if isinstance(expected, type) and issubclass(expected, StrEnum):
        return expected(value)
    if isinstance(value, float):
        raise TypeError("a document holds no float")
    return value


def _read_one_of(module: types.ModuleType, kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None:
        return None
    if Fraction in kinds and isinstance(value, str):
        return Fraction(value)
    (kind,) = [each for each in kinds if each not in (types.NoneType, Fraction)][:1]
    return _read(module, kind, value)


@cache
def _kinds(module: types.ModuleType) -> Mapping[str, type]:
    """The typed data that a document may name."""
    return {name: kind for name, kind in vars(module).items() if isinstance(kind, type) and is_dataclass(kind)}


@cache
def _hints(module: types.ModuleType, kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind, vars(module))
