"""The invented families of the demo: who they are and how they book. Any likeness is by chance."""

from dataclasses import dataclass
from enum import StrEnum, auto

from app.models.families import Regime, Title

MORNING, MEAL, AFTERNOON = "Matin", "Repas", "Après-midi"
BEFORE_SCHOOL, AFTER_SCHOOL = "Acc matin", "Acc soir"


class QuotientStory(StrEnum):
    """What became of a family's quotient."""

    VERIFIED = auto()
    DECLARED = auto()  # the staff have not verified it yet
    NONE = auto()


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """A child and its habits: the units of a Wednesday, and those of school days by weekday (0 = Monday)."""

    first_name: str
    age: int  # in completed years, all through the demo's weeks
    wednesday: tuple[str, ...] = ()
    school_days: tuple[tuple[int, str], ...] = ()
    holidays: bool = False  # « CAJ vacances »
    theatre: bool = False  # « Atelier théâtre »
    last_name: str | None = None  # None: the family's


@dataclass(frozen=True, slots=True)
class FamilyPlan:
    """A family, its address in a real commune, and its children."""

    last_name: str
    first_name: str
    title: Title
    email: str
    number: str
    street: str
    postal_code: str
    city: str
    children: tuple[ChildPlan, ...]
    quotient_cents: int | None
    story: QuotientStory = QuotientStory.VERIFIED
    regime: Regime = Regime.GENERAL
    fund_number: str | None = None
    mobile_phone: str | None = None
    home_phone: str | None = None
    repetition: str = ""
    complement: str = ""
    every_other_week: int | None = None  # 0 or 1: books only in weeks of this parity (alternating custody)


def _evenings(*weekdays: int) -> tuple[tuple[int, str], ...]:
    return tuple((weekday, AFTER_SCHOOL) for weekday in weekdays)


def _mornings(*weekdays: int) -> tuple[tuple[int, str], ...]:
    return tuple((weekday, BEFORE_SCHOOL) for weekday in weekdays)


WHOLE_WEDNESDAY = (MORNING, MEAL, AFTERNOON)

TEST_FAMILY = FamilyPlan(
    "TEST", "Fabrice", Title.MISTER, "parent@example.org", "12", "Rue des Tilleuls", "80110", "Démuin",
    (
        ChildPlan("Léa", 11, WHOLE_WEDNESDAY, _evenings(0, 1, 3, 4), holidays=True),
        ChildPlan("Hugo", 6, (MORNING, MEAL), _mornings(0, 3) + _evenings(0, 3), theatre=True),
    ),
    620_00, fund_number="123456", mobile_phone="+33600000000", home_phone="+33300000000",
)  # fmt: skip

ABSENCE_REASONS = (
    ("Maladie de l’enfant", True),
    ("Hospitalisation dans la famille", True),
    ("Deuil dans la famille", False),
)
"""For what an absence is excused, and whether it takes a certificate."""

SHARED_CHILD = ChildPlan("Noé", 8, WHOLE_WEDNESDAY, _evenings(0, 1), last_name="MOREAU")

FAMILIES: tuple[FamilyPlan, ...] = (
    TEST_FAMILY,
    FamilyPlan(
        "BERNARD", "Claire", Title.MADAM, "claire.bernard@example.org", "4", "Rue du Moulin", "80110", "Moreuil",
        (ChildPlan("Jules", 7, WHOLE_WEDNESDAY, _evenings(1, 4)), ChildPlan("Alice", 4, WHOLE_WEDNESDAY)),
        410_00, fund_number="220145", mobile_phone="+33639980001",
    ),
    FamilyPlan(
        "LEFÈVRE", "Thomas", Title.MISTER, "thomas.lefevre@example.org", "27", "Rue de l’Église", "80110", "Hangard",
        (ChildPlan("Manon", 10, WHOLE_WEDNESDAY, _mornings(0, 1, 3, 4)),),
        890_00, fund_number="220152", mobile_phone="+33639980002",
    ),
    FamilyPlan(
        "MOREAU", "Julie", Title.MADAM, "julie.moreau@example.org", "9", "Rue des Écoles", "80250", "Ailly-sur-Noye",
        (SHARED_CHILD,), 540_00, fund_number="220163", mobile_phone="+33639980003", every_other_week=0,
    ),
    FamilyPlan(
        "PETIT", "Karim", Title.MISTER, "karim.petit@example.org", "2", "Impasse des Saules", "80110", "Morisel",
        (SHARED_CHILD,), 980_00, fund_number="220170", mobile_phone="+33639980004", repetition="bis",
        every_other_week=1,
    ),
    FamilyPlan(
        "DUBOIS", "Sandrine", Title.MADAM, "sandrine.dubois@example.org", "15", "Grande Rue", "80250", "Jumel",
        (ChildPlan("Tom", 5, (MORNING, MEAL)), ChildPlan("Zoé", 8, WHOLE_WEDNESDAY, _evenings(0, 3))),
        None, QuotientStory.NONE, mobile_phone="+33639980005",
    ),
    FamilyPlan(
        "FONTAINE", "Mathieu", Title.MISTER, "mathieu.fontaine@example.org", "31", "Rue de Verdun", "80500",
        "Montdidier", (ChildPlan("Nina", 12, holidays=True), ChildPlan("Lucas", 15, holidays=True)),
        730_00, fund_number="220188", mobile_phone="+33639980006",
    ),
    FamilyPlan(
        "GARNIER", "Aïcha", Title.MADAM, "aicha.garnier@example.org", "6", "Rue du Château", "80110", "Thennes",
        (
            ChildPlan("Sofia", 6, WHOLE_WEDNESDAY, _mornings(0, 1, 3, 4) + _evenings(0, 1, 3, 4)),
            ChildPlan("Ilyes", 11, holidays=True),
        ),
        320_00, fund_number="220194", mobile_phone="+33639980007",
    ),
    FamilyPlan(
        "ROUSSEL", "Nicolas", Title.MISTER, "nicolas.roussel@example.org", "18", "Rue de la Gare", "80440", "Boves",
        (ChildPlan("Emma", 9, (MEAL, AFTERNOON), _evenings(3, 4)),),
        1_240_00, fund_number="220201", mobile_phone="+33639980008",
    ),
    FamilyPlan(
        "CARON", "Élodie", Title.MADAM, "elodie.caron@example.org", "3", "Chemin du Marais", "80110",
        "Domart-sur-la-Luce",
        (ChildPlan("Maël", 4, (MORNING,)), ChildPlan("Jade", 7, WHOLE_WEDNESDAY, _evenings(0, 1))),
        505_00, QuotientStory.DECLARED, fund_number="220217", mobile_phone="+33639980009",
    ),
    FamilyPlan(
        "LEMAIRE", "Stéphane", Title.MISTER, "stephane.lemaire@example.org", "", "Ferme du Bois", "80250",
        "Quiry-le-Sec",
        (ChildPlan("Louis", 10, (AFTERNOON,), _mornings(1)), ChildPlan("Rose", 5, WHOLE_WEDNESDAY)),
        680_00, regime=Regime.AGRICULTURAL, fund_number="80014725", home_phone="+33353010001",
    ),
    FamilyPlan(
        "DELATTRE", "Inès", Title.MADAM, "ines.delattre@example.org", "22", "Rue Pasteur", "80500", "Davenescourt",
        (ChildPlan("Gabriel", 8, WHOLE_WEDNESDAY, _evenings(0, 1, 3, 4)),),
        450_00, fund_number="220225", mobile_phone="+33639980010", complement="Appartement 4",
    ),
    FamilyPlan(
        "MERCIER", "Paul", Title.MISTER, "paul.mercier@example.org", "11", "Rue du 8 Mai", "80110",
        "Mézières-en-Santerre",
        (ChildPlan("Chloé", 13, holidays=True), ChildPlan("Arthur", 11, WHOLE_WEDNESDAY, _evenings(4), holidays=True)),
        1_080_00, regime=Regime.OTHER, mobile_phone="+33639980011",
    ),
)  # fmt: skip

WAITING_FAMILIES: tuple[FamilyPlan, ...] = (
    FamilyPlan(
        "WATTEL", "Amandine", Title.MADAM, "amandine.wattel@example.org", "7", "Rue des Jardins", "80110", "Moreuil",
        (), None, QuotientStory.NONE,
    ),
    FamilyPlan(
        "HECQUET", "Rémi", Title.MISTER, "remi.hecquet@example.org", "40", "Route d’Amiens", "80440", "Cottenchy",
        (), None, QuotientStory.NONE,
    ),
)  # fmt: skip

# Who waits for a full afternoon beside Hugo.
WAITING_CHILDREN = (("DUBOIS", "Tom"), ("CARON", "Maël"))

# Who asked lately for what, and waits for the staff: family, child, activity.
WAITING_ENROLMENTS = (("BERNARD", "Alice", "Périscolaire"), ("LEMAIRE", "Rose", "Périscolaire"))
