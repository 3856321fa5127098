"""The files of family TEST's children: one complete, one with a care plan and things still to fill in."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models.child_files import SafetyNotice
from app.rules.child_files import AuthorisationKind, SectionKind
from app.rules.school_years import first_day_of, school_year_of
from app.services.authorisations import LEAVES_AT, save_answers
from app.services.child_files import DOSE, asked_vaccines, record_health_access, save_section
from app.services.child_settings import add_school
from app.services.contacts import add_contact
from app.services.families import FamilyRef, find_child
from app.services.notices import mark_seen

SCHOOLS = ("École Jules-Verne, Démuin", "École du Moulin, Moreuil", "Collège Jean-Moulin, Moreuil")

_ODETTE = {
    "first_name": "Odette", "last_name": "TEST", "link": "grand-mère", "phone": "+33600000010", "other_phone": "",
    "may_collect": "yes", "may_be_called": "yes", "starts_on": "", "ends_on": "",
}  # fmt: skip
_MARC = {
    **_ODETTE, "first_name": "Marc", "last_name": "ROBERT", "link": "voisin", "phone": "+33600000011",
    "may_be_called": "no",
}  # fmt: skip


def offer_schools(session: Session) -> None:
    """The schools that parents choose from."""
    for name in SCHOOLS:
        add_school(session, name)


def fill_child_files(
    session: Session, family: FamilyRef, user_id: int, elder_id: int, younger_id: int, clerk_id: int, today: date
) -> None:
    """Fill both files in, and let the clerk see what changed in the elder's; what changed in the other still waits."""
    year = school_year_of(today)
    ends_on = (first_day_of(year + 1) - timedelta(days=1)).isoformat()
    school = {"school": SCHOOLS[2], "level": "6e", "school_year": str(year)}
    doctor = {"name": "Dr Claude Petit", "phone": "+33300000020", "town": "Moreuil"}
    insurance = {"insurer": "Mutuelle de démonstration", "policy_number": "AB 123456", "ends_on": ends_on}
    healthy = {"has_allergies": "no", "has_care_plan": "no", "has_treatment": "no", "aids": "glasses"}
    clock.start_at(datetime.combine(today - timedelta(days=9), time(19, 10)), frozen=True)
    sections = {
        SectionKind.SCHOOL: school,
        SectionKind.DOCTOR: doctor,
        SectionKind.VACCINATIONS: _vaccinations(elder_id, 0),
        SectionKind.HEALTH: healthy,
        SectionKind.DIET: {"diets": "standard"},
        SectionKind.INSURANCE: insurance,
    }
    for kind, values in sections.items():
        save_section(session, family.id, elder_id, kind, user_id, {}, values)
    for contact in (_ODETTE, _MARC):
        add_contact(session, family.id, elder_id, contact)
    answers = {kind.value: "yes" for kind in AuthorisationKind} | {"photo_online": "no", LEAVES_AT: "17:30"}
    save_answers(session, family.id, elder_id, year, family.guardian_id, {}, answers)
    session.flush()
    clock.start_at(datetime.combine(today - timedelta(days=7), time(9, 20)), frozen=True)
    told = session.scalars(select(SafetyNotice.id).where(SafetyNotice.child_id == elder_id))
    mark_seen(session, dict.fromkeys(told, clock.now()), clerk_id)
    clock.start_at(datetime.combine(today - timedelta(days=2), time(20, 5)), frozen=True)
    care_plan = {
        "has_allergies": "yes", "food_allergies": "Arachide, fruits à coque", "has_treatment": "no",
        "reaction": "Antihistaminique de la trousse, puis appeler le 15 et les parents.", "has_care_plan": "yes",
        "care_plan_starts_on": first_day_of(year).isoformat(), "care_plan_ends_on": ends_on, "care_plan_kit": "yes",
    }  # fmt: skip
    sections = {
        SectionKind.SCHOOL: {"school": SCHOOLS[0], "level": "CP", "school_year": str(year)},
        SectionKind.DOCTOR: doctor,
        SectionKind.VACCINATIONS: _vaccinations(younger_id, 2),
        SectionKind.HEALTH: care_plan,
        SectionKind.DIET: {"diets": "care_plan_meal", "remarks": "Ni arachide ni fruits à coque."},
    }
    for kind, values in sections.items():
        save_section(session, family.id, younger_id, kind, user_id, {}, values)
    add_contact(session, family.id, younger_id, _ODETTE)
    session.flush()
    clock.start_at(datetime.combine(today - timedelta(days=1), time(8, 45)), frozen=True)
    record_health_access(session, [younger_id], clerk_id)


def _vaccinations(child_id: int, missing: int) -> dict[str, str]:
    """Doses at eleven months of all that the law asks, but for the last ones."""
    child = find_child(child_id)
    asked = asked_vaccines(child.birth_date)
    given = asked[: max(len(asked) - missing, 0)]
    return {f"{DOSE}{rule.id}": (child.birth_date + timedelta(days=335)).isoformat() for rule in given}
