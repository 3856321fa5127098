"""Phone numbers as typed, stored and shown.

Source: docs/rules/phones.md.
"""

import re

import phonenumbers

_REGION = "FR"
_AS_TYPED = re.compile(r"\+?[0-9\s./()\u2010-\u2015-]{4,40}")


class InvalidPhone(ValueError):
    """The text cannot be a phone number."""


def normalise_phone(text: str) -> str:
    """The number in E.164 (« +33600000000 »), read in France unless it begins with + or 00. Raises InvalidPhone.

    Only the length is checked, not whether an operator has given the number out: the guide's own « 06.00.00.00.00 »
    and the numbers of new ranges are accepted.
    """
    typed = text.strip()
    if _AS_TYPED.fullmatch(typed) is None:
        raise InvalidPhone
    try:
        number = phonenumbers.parse(typed, _REGION)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone from error
    if not phonenumbers.is_possible_number(number):
        raise InvalidPhone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def format_phone(stored: str) -> str:
    """A stored number as people read it: « 06 00 00 00 00 », or the international form for another country."""
    number = phonenumbers.parse(stored, _REGION)
    is_french = number.country_code == phonenumbers.country_code_for_region(_REGION)
    form = phonenumbers.PhoneNumberFormat.NATIONAL if is_french else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)
