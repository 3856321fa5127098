"""« Attributions »: the ranking is read, drawn, decided; parents read their rank."""

from app.database import write_transaction
from app.rules.capabilities import Role
from app.rules.enrolment_rules import Allocation, EnrolmentRules, GroupPlaces, RankCriterion, RankFact, Ranking, Ties
from app.rules.states import EnrolmentStatus
from app.services.enrolment_settings import save_enrolment_rules
from tests.client import Client
from tests.factories import enrol, make_activity, make_child, make_family, make_staff


def test_agent_draws_reads_and_decides(sqlite_client: Client) -> None:
    client, activity, agent = sqlite_client, make_activity(places=None), make_staff(Role.FILE_CLERK)
    ranking = Ranking((RankCriterion(RankFact.SIBLING, 1),), ties=Ties.DRAW)
    places = (GroupPlaces(activity.group_id, 1),)
    with write_transaction() as session:
        rules = EnrolmentRules(allocation=Allocation.RANKED, places=places, ranking=ranking)
        save_enrolment_rules(session, activity.id, rules)
    families = [make_family(name) for name in ("UN", "DEUX")]
    for family in families:
        enrol(make_child(family), family, activity, EnrolmentStatus.REQUESTED)
    page = client.sign_in(agent).get("/gestion/attributions")
    assert "2 demandes à classer, 0 sur liste d’attente" in page.text
    address = f"/gestion/attributions/{activity.id}"
    page = client.get(address)
    assert "Critères, l’un après l’autre : frère ou sœur déjà inscrit." in page.text and "Décider" not in page.text
    page = client.submit("draw")
    assert "1 acceptée, 1 sur liste d’attente." in page.text and "1 place libre" in page.text
    assert "Aucun critère rempli ; à égalité : tirage au sort" in page.text
    page = client.submit("decision")
    assert "1 demande acceptée, 1 sur liste d’attente" in page.text
    texts = [client.sign_in(family.user_id).get("/mes-inscriptions").text for family in families]
    assert sorted("Classée au rang 2." in text for text in texts) == [False, True]


def test_what_moved_since_is_read_again(sqlite_client: Client) -> None:
    client, activity = sqlite_client, make_activity(places=None)
    with write_transaction() as session:
        save_enrolment_rules(session, activity.id, EnrolmentRules(allocation=Allocation.RANKED))
    family, other = make_family("UN"), make_family("DEUX")
    enrol(make_child(family), family, activity, EnrolmentStatus.REQUESTED)
    client.sign_in(make_staff()).get(f"/gestion/attributions/{activity.id}")
    enrol(make_child(other), other, activity, EnrolmentStatus.REQUESTED)
    page = client.submit("decision", status=409)
    assert "Le classement a changé depuis que vous l’avez lu." in page.text and "2 acceptées" in page.text
    assert "2 demandes acceptées" in client.submit("decision").text


def test_kitchen_does_not_decide(sqlite_client: Client) -> None:
    sqlite_client.sign_in(make_staff(Role.KITCHEN)).get("/gestion/attributions", status=403)
