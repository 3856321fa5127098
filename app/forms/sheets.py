"""What the address of a sheet asks for."""

from werkzeug.datastructures import MultiDict

from app.services.sheet_scopes import Asked

LARGEST_ID = 2**31 - 1


def read_asked(args: MultiDict[str, str]) -> Asked:
    """The place, the activity, the group and the unit of an address; what is no id asks for all."""

    def chosen(name: str) -> int | None:
        found = args.get(name, type=int)
        return found if found is not None and 0 < found <= LARGEST_ID else None

    return Asked(chosen("lieu"), chosen("activite"), chosen("groupe"), chosen("unite"))


def asked_words(asked: Asked) -> dict[str, int]:
    """The same for an address."""
    words = {"lieu": asked.site_id, "activite": asked.activity_id, "groupe": asked.group_id, "unite": asked.unit_id}
    return {name: value for name, value in words.items() if value is not None}
