"""The French words of what the staff set of enrolments, and of what keeps a child from asking for one."""

from collections.abc import Collection, Iterator
from datetime import date

from app.filters import NBSP, day_long, day_medium, day_plain, enumeration, euros, in_sentence, moment
from app.labels import label
from app.notice_labels import hour_words
from app.price_labels import residence_label
from app.rules.audiences import Audience
from app.rules.child_files import LEVELS
from app.rules.enrolment_rules import AgeOn, Allocation, EnrolmentRules, RankCriterion, Ranking, Ties
from app.rules.enrolments import Blocker, EnrolmentBlocker, age_day
from app.rules.rankings import Ranked
from app.rules.windows import Window
from app.services.catalogue import ActivityInfo


def rules_words(activity: ActivityInfo, rules: EnrolmentRules) -> Iterator[str]:
    """What the rules of an activity ask, one sentence each."""
    yield _ages_words(activity, rules)
    if rules.levels:
        yield f"Classes{NBSP}: {enumeration([level for level in LEVELS if level in rules.levels])}."
    if rules.residences:
        yield f"Familles{NBSP}: {enumeration([residence_label(word) for word in sorted(rules.residences)])}."
    if not rules.windows:
        yield "Inscriptions ouvertes toute l’année."
    for window in rules.windows:
        yield window_words(window)
    yield from _asked_first(rules)
    yield f"{label(rules.allocation)}."
    if rules.allocation is Allocation.RANKED:
        yield from ranking_words(rules.ranking)
    if rules.parents_may_end:
        yield "Les parents peuvent mettre fin à une inscription."
    for group in activity.groups:
        places = rules.places_of(group.id)
        if places is not None:
            most = f"{places} inscriptions" if places > 1 else f"{places} inscription"
            yield f"{group.name}{NBSP}: {most} au plus."


def ranking_words(ranking: Ranking) -> Iterator[str]:
    """The criteria as they are published: « Critères, par points : frère ou sœur déjà inscrit (5)… »."""
    if ranking.criteria:
        ordered = sorted(ranking.criteria, key=lambda each: -each.weight if ranking.by_points else each.weight)
        how = "par points" if ranking.by_points else "l’un après l’autre"
        named = [_criterion_words(each, ranking) for each in ordered]
        yield f"Critères, {how}{NBSP}: {', '.join(named)}."
    yield f"{'À égalité' if ranking.criteria else 'Ordre'}{NBSP}: {label(ranking.ties).lower()}."


def rank_words(ranked: Ranked, ranking: Ranking) -> str:
    """Why a request has its rank: « 15 points : habite la collectivité (10), frère ou sœur déjà inscrit (5) »."""
    met = [_criterion_words(each, ranking) for each in ranked.met]
    if ranking.by_points:
        points = f"{ranked.points} point{'s' if ranked.points > 1 else ''}"
        text = f"{points}{NBSP}: {', '.join(met)}" if met else points
    elif ranking.criteria:
        text = f"Critères remplis{NBSP}: {', '.join(met)}" if met else "Aucun critère rempli"
    else:
        text = ""
    if not ranked.is_tied and text:
        return text
    tie = "tirage au sort" if ranking.ties is Ties.DRAW else "ordre d’arrivée"
    return f"{text}{NBSP}; à égalité{NBSP}: {tie}" if text else tie.capitalize()


def _criterion_words(criterion: RankCriterion, ranking: Ranking) -> str:
    name = label(criterion.fact)
    return f"{in_sentence(name)}{f' ({criterion.weight})' if ranking.by_points else ''}"


def window_words(window: Window) -> str:
    """« Les habitants : du lundi 1er juin 2026 à 7 h au dimanche 14 juin 2026 à 24 h. »"""
    opens = f"{day_long(window.opens_on)} {hour_words(window.opens_at)}"
    who = audiences_words(window.audiences)
    if window.closes_on is None:
        return f"{who}{NBSP}: à partir du {opens}."
    at = hour_words(window.closes_at)
    return f"{who}{NBSP}: du {opens} au {day_long(window.closes_on)}{',' if at.startswith('avant') else ''} {at}."


def audiences_words(audiences: Collection[Audience]) -> str:
    """« Les habitants et les frères et sœurs d’enfants inscrits », « Toutes les familles »."""
    named = enumeration([label(each) for each in Audience if each in audiences])
    return f"{named[0].upper()}{named[1:]}" if named else "Toutes les familles"


def _ages_words(activity: ActivityInfo, rules: EnrolmentRules) -> str:
    season = activity.season
    if rules.age_on is AgeOn.FIRST_DAY:
        return "L’âge compte le premier jour de l’inscription."
    counted_on: date = age_day(rules, season.starts_on, season.starts_on)
    return f"L’âge compte au {day_long(counted_on)}."


def _asked_first(rules: EnrolmentRules) -> Iterator[str]:
    asked = []
    if rules.needs_certification:
        asked.append("un dossier certifié cette année scolaire")
    if rules.needs_insurance:
        asked.append("une assurance en cours")
    if rules.most_unpaid_cents is not None:
        owed = f" au-dessus de {euros(rules.most_unpaid_cents)}" if rules.most_unpaid_cents else ""
        asked.append(f"aucun retard de paiement{owed}")
    if asked:
        yield f"Il faut d’abord{NBSP}: {enumeration(asked)} (jamais pour les repas des jours d’école)."


def blocker_sentence(blocker: Blocker) -> str:
    """Why a child cannot ask for an activity, with the instant, the day or the amount that it is about."""
    kind = blocker.kind
    if kind is EnrolmentBlocker.NOT_OPEN_YET and blocker.at is not None:
        return f"Les inscriptions ouvrent pour vous le {moment(blocker.at)}."
    if kind is EnrolmentBlocker.WINDOW_CLOSED and blocker.at is not None:
        return f"Les inscriptions sont closes depuis le {day_medium(blocker.at.date())}."
    if kind is EnrolmentBlocker.UNPAID and blocker.cents is not None:
        return f"Des factures sont en retard de paiement{NBSP}: {euros(blocker.cents)}."
    if kind is EnrolmentBlocker.TEXTS_NOT_ACCEPTED:
        return f"À lire et à accepter d’abord{NBSP}: {enumeration(list(blocker.documents))}."
    if blocker.documents:
        missing = enumeration(list(blocker.documents))
        return f"{'Ce document manque' if len(blocker.documents) == 1 else 'Ces documents manquent'}{NBSP}: {missing}."
    if blocker.day is not None:
        return f"{label(kind)} L’âge compte au {day_plain(blocker.day)}."
    return label(kind)
