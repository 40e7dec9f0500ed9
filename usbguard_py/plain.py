"""Plain values for what a command reads and shows: named fields, defaults, checked where they come from outside.

Beside :class:`msgspec.Struct`, which the list, the ledger and the wire's requests are made of: importing msgspec takes
a quarter of the time of a command that only asks and shows (docs/adr/0190-the-quick-door.md).
"""

from collections.abc import Mapping
from types import GenericAlias, UnionType

TYPE_CHECKING = False  # as typing's, whose import costs a tenth of such a command
if TYPE_CHECKING:
    from typing import Any, Self, dataclass_transform
else:

    def dataclass_transform(**_: object) -> object:
        """Only a type checker wants to know."""
        return lambda kind: kind


@dataclass_transform(frozen_default=True)
class Value:
    """Base of plain values: the annotations of a class are its fields, in order, with their defaults.

    Annotations are objects, so a module of such classes does not postpone their evaluation.
    """

    FIELDS: "Mapping[str, Any]" = {}  # noqa: RUF012 - each class has its own

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.FIELDS = {**cls.FIELDS, **cls.__annotations__}

    def __init__(self, *args: object, **given: object) -> None:
        values = self.__dict__
        values.update(zip(self.FIELDS, args, strict=False))
        if len(args) > len(self.FIELDS) or values.keys() & given.keys():
            raise TypeError(f"{type(self).__name__}: {len(args)} values and {sorted(given)}")
        values.update(given)
        for name in values.keys() ^ self.FIELDS.keys():
            if name in values or not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__}: {name}")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} never changes")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.fields() == other.fields()

    def __hash__(self) -> int:
        return hash(tuple(self.fields().values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{n}={v!r}' for n, v in self.fields().items())})"

    def fields(self) -> "dict[str, Any]":
        """Every field with its value."""
        return {name: getattr(self, name) for name in self.FIELDS}

    @classmethod
    def taken(cls, values: "Mapping[str, Any]") -> "Self":
        """The value that ``values``, decoded JSON, describe; what the class does not know is left out.

        Raises:
            TypeError: a field has another type than the class says, and which one, or one without a default is missing.
        """
        found = {}
        for name, kind in cls.FIELDS.items():
            if name in values:
                try:
                    found[name] = fitting(values[name], kind)
                except TypeError as error:
                    raise TypeError(f"{error} - at `{name}`") from None
        return cls(**found)


def fitting(value: "Any", kind: "Any") -> "Any":
    """``value``, decoded JSON, as ``kind``: a class, a :class:`Value`, ``tuple[X, ...]``, ``dict[str, X]``, ``X | Y``.

    Raises:
        TypeError: it is none.
    """
    if isinstance(kind, UnionType):
        for one in kind.__args__:
            try:
                return fitting(value, one)
            except TypeError:
                continue
    elif isinstance(kind, GenericAlias):
        of = kind.__args__[-1] if kind.__origin__ is dict else kind.__args__[0]
        if kind.__origin__ is dict and isinstance(value, dict):
            return {str(key): fitting(one, of) for key, one in value.items()}
        if kind.__origin__ is tuple and isinstance(value, list | tuple):
            return tuple(fitting(one, of) for one in value)
    elif isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    elif issubclass(kind, Value) and isinstance(value, dict):
        return kind.taken(value)
    raise TypeError(f"Expected `{getattr(kind, '__name__', kind)}`, got `{type(value).__name__}`")
