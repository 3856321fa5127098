"""What the staff set for the files of children: the schools to choose from, the vaccines that the law asks."""

from datetime import date

from sqlalchemy.orm import Session

from app.models.child_files import School, VaccineObligation
from app.rules.texts import fold
from app.services.catalogue import catalogue
from app.services.errors import NotFound


def add_school(session: Session, name: str) -> int:
    """Offer a school, or offer it again; the same name twice is one school. Returns its id."""
    for known in catalogue().schools:
        if fold(known.name) == fold(name):
            session.get_one(School, known.id).is_offered = True
            return known.id
    school = School(name=name)
    session.add(school)
    session.flush()
    return school.id


def stop_offering_school(session: Session, school_id: int) -> None:
    """Take a school off the list; the files that name it keep it. Raises NotFound."""
    school = session.get(School, school_id)
    if school is None:
        raise NotFound("school")
    school.is_offered = False


def save_vaccine(
    session: Session, vaccine_id: int | None, name: str, born_from: date | None, born_before: date | None
) -> int:
    """Change an obligation, or add one (None). Raises NotFound; ValueError when it would ask of nobody."""
    if born_from is not None and born_before is not None and born_before <= born_from:
        raise ValueError("an obligation ends before it begins")
    row = VaccineObligation() if vaccine_id is None else session.get(VaccineObligation, vaccine_id)
    if row is None:
        raise NotFound("vaccine")
    row.name = name
    row.born_from = born_from
    row.born_before = born_before
    session.add(row)
    session.flush()
    return row.id
