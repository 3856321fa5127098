"""The demo's communes of residence, and one child with a holiday aid of the CAF, so that the screens can be seen."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy.orm import Session

from app.rules.calendars import DayKind
from app.rules.price_facts import RESIDENT
from app.rules.tariff_grids import unit_code
from app.services.aids import AidInput, FundInput, add_aid, save_fund
from app.services.catalogue import catalogue
from app.services.families import communes_of_postal_code
from app.services.price_facts import list_commune

# Postal code and name; the other communes of the demo's families are outside.
RESIDENT_COMMUNES = (
    ("80110", "Démuin"), ("80110", "Moreuil"), ("80110", "Hangard"), ("80110", "Morisel"), ("80110", "Thennes"),
    ("80110", "Domart-sur-la-Luce"), ("80110", "Mézières-en-Santerre"), ("80250", "Ailly-sur-Noye"), ("80250", "Jumel"),
    ("80250", "Quiry-le-Sec"),
)  # fmt: skip

AIDED = ("GARNIER", "Ilyes")
_AMOUNTS_CENTS = {"Journée": 400, "Veillée": 150}

_FUND = FundInput("CAF de démonstration", "1 place de la Caisse\n80000 Amiens", "ALSH-80-117", is_council=False)


def list_residents(session: Session) -> None:
    """The council's communes pay the price of residents, where a grid has one."""
    for postal_code, name in RESIDENT_COMMUNES:
        commune = next(each for each in communes_of_postal_code(postal_code) if each.name == name)
        list_commune(session, commune.insee_code, RESIDENT)


def help_child(
    session: Session, family_id: int, child_id: int, activity_ids: Iterable[int], user_id: int, first: date, last: date
) -> None:
    """« Aide aux vacances », as the Cher's: in holidays only, thirty days, for families below a quotient of 700 €."""
    known = catalogue()
    units = [unit for id_ in activity_ids for unit in known.activities[id_].units]
    add_aid(
        session, family_id, user_id, child_id, save_fund(session, None, _FUND),
        AidInput(
            name="Aide aux vacances", starts_on=first, ends_on=last,
            amounts={unit_code(unit.id): _AMOUNTS_CENTS[unit.name] for unit in units}, percent_hundredths=0,
            day_kinds=frozenset({DayKind.SCHOOL_HOLIDAY}), ceiling_cents=120_00, most_days=30, floor_cents=1_00,
            is_cumulative=True, reason="Quotient de moins de 700 €, attestation reçue",
        ),
    )  # fmt: skip
