"""A grid as a document of plain lists, texts and numbers, for the database; and back.

    Grid → {"items": [{"is": "Item", "code": "12", "rate": {"is": "Table", …}}], …}

What a field says by default is left out, so that a field added later reads well in older documents. Fractions are texts
(« 9/25 »): nothing is ever a float.
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from app.rules import tariff_grids
from app.rules.tariff_grids import Grid

Document = dict[str, Any]


class UnreadableGrid(ValueError):
    """A document that is no grid."""


def grid_document(grid: Grid) -> Document:
    """The document of a grid."""
    document: Document = _written(grid)
    return document


def read_grid(document: Document) -> Grid:
    """The grid of a document. Raises UnreadableGrid."""
    try:
        grid = _read(Grid, document)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise UnreadableGrid(str(error)) from error
    assert isinstance(grid, Grid)
    return grid


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
    return value.value if isinstance(value, StrEnum) else value


def _default(field: "Field[Any]") -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _read(expected: Any, value: Any) -> Any:
    """A written value as the type that its field expects."""
    if isinstance(value, dict):
        kind = _kinds()[value["is"]]
        hints = _hints(kind)
        return kind(**{name: _read(hints[name], each) for name, each in value.items() if name != "is"})
    if get_origin(expected) in (Union, types.UnionType):
        return _read_one_of(get_args(expected), value)
    if get_origin(expected) is tuple:
        inner = get_args(expected)
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(_read(inner[0], each) for each in value)
        return tuple(_read(kind, each) for kind, each in zip(inner, value, strict=True))
    if get_origin(expected) is frozenset:
        return frozenset(_read(get_args(expected)[0], each) for each in value)
    if get_origin(expected) is Mapping:
        return types.MappingProxyType({tuple(key): int(amount) for key, amount in value})
    if isinstance(expected, type) and issubclass(expected, StrEnum):
        return expected(value)
    if isinstance(value, float):
        raise TypeError("a grid holds no float")
    return value


def _read_one_of(kinds: tuple[Any, ...], value: Any) -> Any:
    if value is None:
        return None
    if Fraction in kinds and isinstance(value, str):
        return Fraction(value)
    (kind,) = [each for each in kinds if each not in (types.NoneType, Fraction)][:1]
    return _read(kind, value)


@cache
def _kinds() -> Mapping[str, type]:
    """The typed data that a document may name."""
    return {name: kind for name, kind in vars(tariff_grids).items() if isinstance(kind, type) and is_dataclass(kind)}


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind, vars(tariff_grids))
