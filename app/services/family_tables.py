"""The list of families for spreadsheets."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import func, select

from app import labels
from app.database import db
from app.filters import day_plain, phone
from app.models.families import Child, Family, FamilyAddress, FamilyChild, Guardian
from app.rules.spreadsheets import Cell, Table
from app.services.family_files import address_lines, families_with
from app.services.staff_scopes import StaffScope

_HEADINGS = ("Famille", "État", "Adresse", "Commune", "Téléphone", "Adultes", "Emails", "Enfants", "Nombre d’enfants")


def families_table(text: str, reach: StaffScope) -> Table:
    """All families within reach that `family_files.search_families()` finds: a row for each. Three queries."""
    return Table(_HEADINGS, _rows(text, reach))


def _rows(text: str, reach: StaffScope) -> Iterator[Sequence[Cell]]:
    session = db.session()
    wanted = select(Family.id).where(families_with(text, reach))
    adults: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for family_id, last_name, first_name, email in session.execute(
        select(Guardian.family_id, Guardian.last_name, Guardian.first_name, Guardian.email)
        .where(Guardian.family_id.in_(wanted))
        .order_by(Guardian.id)
    ):
        adults[family_id].append((f"{last_name} {first_name}", email or ""))
    children: defaultdict[int, list[str]] = defaultdict(list)
    for family_id, last_name, first_name, birth_date in session.execute(
        select(FamilyChild.family_id, Child.last_name, Child.first_name, Child.birth_date)
        .join(Child, Child.id == FamilyChild.child_id)
        .where(FamilyChild.family_id.in_(wanted))
        .order_by(Child.birth_date, Child.id)
    ):
        children[family_id].append(f"{last_name} {first_name} ({day_plain(birth_date)})")
    latest = select(FamilyAddress.family_id, func.max(FamilyAddress.starts_on).label("starts_on")).group_by(
        FamilyAddress.family_id
    )
    last = latest.subquery()
    rows = session.execute(
        select(Family, FamilyAddress)
        .outerjoin(last, last.c.family_id == Family.id)
        .outerjoin(
            FamilyAddress, (FamilyAddress.family_id == Family.id) & (FamilyAddress.starts_on == last.c.starts_on)
        )
        .where(families_with(text, reach))
        .order_by(Family.folded_name, Family.id)
        .execution_options(yield_per=500)
    )
    for family, address in rows:
        names, emails = zip(*adults[family.id], strict=True) if adults[family.id] else ((), ())
        lines, number = address_lines(address), family.mobile_phone or family.home_phone
        yield (
            family.name, labels.label(family.status), ", ".join(lines[:-1]), "".join(lines[-1:]),
            phone(number) if number else "", ", ".join(names), ", ".join(filter(None, emails)),
            ", ".join(children[family.id]), len(children[family.id]),
        )  # fmt: skip
