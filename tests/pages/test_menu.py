"""The menu says where one is, on every page of a section."""

from app.navigation import FAMILY_SECTIONS, STAFF_SECTIONS, section_of
from tests.routes import ROUTES, Door

# What stands behind the name of who is signed in, or only leads elsewhere.
OUTSIDE = {"family.account", "staff.account", "staff.second_factor", "staff.home"}


def test_every_page_behind_a_door_belongs_to_a_section_of_the_menu() -> None:
    sections = {section.endpoint.rpartition(".")[0] for section in (*FAMILY_SECTIONS, *STAFF_SECTIONS)}
    behind = {endpoint.rpartition(".")[0] for endpoint, route in ROUTES.items() if route.door is not Door.PUBLIC}
    assert {blueprint for blueprint in behind if section_of(blueprint) not in sections} == OUTSIDE
