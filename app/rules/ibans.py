"""The numbers of bank accounts: are they well formed, and how are they shown?

Source: ISO 13616 and ISO 7064 (mod 97), docs/rules/ibans.md.
"""

import re

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_FRENCH_LENGTH = 27


def read_iban(text: str) -> str | None:
    """An IBAN as banks write it, without spaces; None for what is none: its length, its letters or its check digits."""
    iban = re.sub(r"[\s.\-]", "", text).upper()
    if _IBAN.fullmatch(iban) is None or (iban.startswith("FR") and len(iban) != _FRENCH_LENGTH):
        return None
    digits = "".join(str(int(char, 36)) for char in iban[4:] + iban[:4])
    return iban if int(digits) % 97 == 1 else None


def masked_iban(iban: str) -> str:
    """What is shown of an IBAN: its country and check digits, and its last four characters."""
    return f"{iban[:4]} … {iban[-4:]}" if iban else ""
