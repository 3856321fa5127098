"""The stored communes: what is in the file, and that a damaged one is refused."""

from datetime import date

import pytest

from app.integrations.communes import BadCommuneFile, Commune, parse_communes, read_communes

HEADER = "# source=somewhere\tversion=1.2.3\tlicence=MIT\tpublished_on=2026-04-09\ninsee_code\tname\tpostal_code\n"


@pytest.fixture(scope="module")
def dataset():
    return read_communes()


def test_stored_data_set_says_where_it_comes_from(dataset):
    assert dataset.source == "@etalab/decoupage-administratif"
    assert dataset.version == "6.0.0"
    assert dataset.licence == "MIT (Etalab)"
    assert dataset.published_on == date(2026, 4, 9)


def test_stored_data_set_holds_the_communes_of_france(dataset):
    assert len(dataset.communes) > 34_800
    assert len({commune.insee_code for commune in dataset.communes}) == len(dataset.communes)
    by_code = {commune.insee_code: commune for commune in dataset.communes}
    assert by_code["80237"] == Commune("80237", "Démuin", ("80110",))
    assert by_code["80212"].name == "Corbie"
    assert "75016" in by_code["75056"].postal_codes and "75116" in by_code["75056"].postal_codes
    assert by_code["2A004"].name == "Ajaccio"
    assert by_code["97411"].name == "Saint-Denis"


def test_every_commune_has_a_well_formed_code_name_and_postal_codes(dataset):
    for commune in dataset.communes:
        assert len(commune.insee_code) == 5
        assert commune.name == commune.name.strip() and "'" not in commune.name
        assert commune.postal_codes == tuple(sorted(set(commune.postal_codes))) != ()
        assert all(len(code) == 5 and code.isdigit() for code in commune.postal_codes)


def test_rows_of_one_commune_become_one_commune():
    dataset = parse_communes(HEADER + "80237\tDémuin\t80110\n80021\tAmiens\t80090\n80021\tAmiens\t80000\n")
    assert dataset.communes == (Commune("80021", "Amiens", ("80000", "80090")), Commune("80237", "Démuin", ("80110",)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "first line", id="empty"),
        pytest.param(
            "insee_code\tname\tpostal_code\n80021\tAmiens\t80000\n80021\tAmiens\t80090", "first line", id="no header"
        ),
        pytest.param(HEADER + "80021\tAmiens\n", "line 3", id="a field is missing"),
        pytest.param(HEADER + "80021\tAmiens\t80000\n80021\tAmien\t80090\n", "line 4", id="two names"),
        pytest.param(HEADER.replace("2026-04-09", "hier") + "80021\tAmiens\t80000\n", "line 1", id="bad date"),
        pytest.param(HEADER.replace("version", "edition") + "80021\tAmiens\t80000\n", "version", id="no version"),
    ],
)
def test_damaged_file_is_refused_with_its_place(text, said):
    with pytest.raises(BadCommuneFile, match=said):
        parse_communes(text)
