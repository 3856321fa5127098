"""The kinds of mail whose text the staff may change: their variables, and what each is made of.

The text as it comes stands in `templates/emails/<code>.txt`, first line the subject, with `{variables}`. What a
variable says is a Jinja expression of ours over the values given to `queue_mail`: the staff never write one.

A new mail needs an entry here, or its name in FIXED: then its template is Jinja, and its text is ours alone
(tests/architecture/test_mail_kinds.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.rules.mail_texts import MailTopic


@dataclass(frozen=True, slots=True)
class Variable:
    """A word between braces."""

    name: str
    meaning: str  # for the staff
    source: str  # Jinja, over the values of the mail
    sample: str  # for the preview
    is_compulsory: bool = False


@dataclass(frozen=True, slots=True)
class MailKind:
    """A mail that the staff may word."""

    code: str
    topic: MailTopic
    name: str  # « Inscription acceptée »
    when: str  # what makes it leave
    button: str  # what the button of its first address says
    variables: tuple[Variable, ...]


SIGNATURE = "signature"  # the end of all mails, itself a text of the staff
DEFAULT_BUTTON = "Ouvrir l’Espace famille"

COMMON = (
    Variable("collectivite", "le nom de la collectivité", "{{ council.name }}", "Communauté de communes"),
    Variable("courriel_collectivite", "son adresse de courriel", "{{ council.email }}", "contact@example.org"),
    Variable("telephone_collectivite", "son téléphone", "{{ council.phone|phone }}", "03 00 00 00 00"),
    Variable("portail", "l’adresse de l’Espace famille", "{{ portal }}", ""),
)
"""In every text; the preview shows those of the council."""

_SIGNED = Variable(SIGNATURE, "la fin de tous les courriels", "{{ signature }}", "")
_FAMILY = Variable("famille", "le nom de la famille", "{{ family.name }}", "TEST")
_REASON = Variable("motif", "la raison que l’agent a écrite", "{{ reason }}", "Le justificatif ne se lit pas.", True)


def _link(path: str, *, is_compulsory: bool = False, meaning: str = "la page à ouvrir") -> Variable:
    sample = path.replace("{{ secret }}", "exemple").replace("{{ child.id }}", "1").replace("{{ text.id }}", "1")
    return Variable("lien", meaning, "{{ portal }}" + path, "{portail}" + sample, is_compulsory)


_ONCE = "le lien personnel, qui ne sert qu’une fois"
_CHILD = (
    Variable("prenom", "le prénom de l’enfant", "{{ child.first_name }}", "Léa"),
    Variable("enfant", "son prénom et son nom", "{{ child.full_name }}", "Léa TEST"),
    Variable("de_enfant", "« de » ou « d’ », puis son prénom et son nom", "{{ child.full_name|of }}", "de Léa TEST"),
    Variable("activite", "l’activité", "{{ enrolment.activity_name }}", "Mercredi"),
    Variable("lieu", "le lieu d’accueil", "{{ enrolment.site_name }}", "Centre de Démuin"),
)
_UNTIL_WHEN = Variable(
    "limite", "jusqu’à quand le lien fonctionne", "{{ expires_at|moment }}", "lundi 30 novembre à 12\u00a0h"
)
_S = "{{ 's' if days|length > 1 }}"
_DAYS = (
    Variable("enfants", "les prénoms des enfants", "{{ days|map(attribute='child_name')|unique|join(', ') }}", "Léa"),
    Variable("s", "« s » s’il y a plusieurs jours", _S, "s"),
)
_DAY_LINE = "- {{ day.child_name }}, {{ day.activity_name }}, {{ day.day|day_long }} : {{ day.words }}\n"
_DAYS_SAMPLE = (
    "- Léa, Mercredi, mercredi 2 décembre 2026 : Matin, Repas\n- Léa, Mercredi, mercredi 9 décembre 2026 : Matin"
)
_DAYS_MEANING = "les jours, un par ligne"
_PLAIN_DAYS = Variable("jours", _DAYS_MEANING, "{% for day in days %}" + _DAY_LINE + "{% endfor %}", _DAYS_SAMPLE, True)
_PRICED_DAYS = Variable(
    "jours", _DAYS_MEANING + ", avec le prix qui n’est plus celui de la demande",
    "{% for day in days %}" + _DAY_LINE + "{% for unit in day.units if day.has_other_price %}"
    "  {{ unit.unit_name }} : {{ unit.price_cents|euros }}{% if unit.price_cents != unit.asked_cents %}"
    " au lieu de {{ unit.asked_cents|euros }} lors de votre demande{% endif %}\n"
    "{% endfor %}{% endfor %}", _DAYS_SAMPLE, True,
)  # fmt: skip
_WAITED_DAYS = Variable(
    "jours", _DAYS_MEANING + ", avec le prix et, pour une place proposée, jusqu’à quand elle est gardée",
    "{% for day in days %}- {{ day.child_name }}, {{ day.activity_name }}, {{ day.day|day_long }} : {{ day.words }}"
    "{% if day.price_cents %} ({{ day.price_cents|euros }}){% endif %}"
    "{% if day.until %}, à accepter avant le {{ day.until|moment }}{% endif %}\n"
    "{% endfor %}", "- Léa, Mercredi, mercredi 2 décembre 2026 : Matin, Repas (7,30\u00a0€)", True,
)  # fmt: skip
_WEEK = "/mes-reservations/{{ week.child_id }}?jour={{ week.monday }}"
_WEEKS = (
    Variable("enfants", "les prénoms des enfants", "{{ weeks|map(attribute='child_name')|unique|join(', ') }}", "Léa"),
    Variable(
        "semaines", "les semaines, une par ligne : enfant, activité, jusqu’à quand réserver, adresse",
        "{% for week in weeks %}- {{ week.child_name }}, {{ week.activity_name }}, semaine du"
        " {{ week.monday|day_long }} : à réserver jusqu’au {{ week.deadline|moment }}. {{ portal }}" + _WEEK
        + "\n{% endfor %}",
        "- Léa, Mercredi, semaine du lundi 7 décembre 2026 : à réserver jusqu’au mardi 8 décembre à 10\u00a0h."
        " {portail}/mes-reservations/1?jour=2026-12-07", True,
    ),
    Variable(
        "lien", "le planning de la première semaine", "{% set week = weeks[0] %}{{ portal }}" + _WEEK,
        "{portail}/mes-reservations/1?jour=2026-12-07",
    ),
    Variable(
        "reglage", "la page où arrêter ce rappel", "{{ portal }}/mes-reservations/rappel",
        "{portail}/mes-reservations/rappel", True,
    ),
)  # fmt: skip
_CHANGE = (
    Variable("demande", "ce qui est demandé", "{{ what }}", "Coordonnées"),
    Variable("demande_minuscule", "le même, dans une phrase", "{{ what|lower }}", "coordonnées"),
    Variable("pour_qui", "« (Léa TEST) » si la demande nomme quelqu’un", "{% if name %} ({{ name }}){% endif %}", ""),
    Variable("de_qui", "« , Léa TEST » si la demande nomme quelqu’un", "{% if name %}, {{ name }}{% endif %}", ""),
    _FAMILY,
)
_CHANGED = Variable(
    "champs", "la phrase qui nomme ce qui a changé", "{% if fields %}Modifié dans votre dossier : "
    "{{ fields|join(', ') }}.{% endif %}", "Modifié dans votre dossier : Voie, Ville.",
)  # fmt: skip
_ASKED = Variable(
    "champs", "la phrase qui nomme ce qui était demandé", "{% if fields %}Demandé : "
    "{{ fields|join(', ') }}.{% endif %}",
    "Demandé : Voie, Ville.",
)  # fmt: skip
_DOCUMENT = (
    Variable("piece", "le nom de la pièce", "{{ submission.info.name }}", "Attestation d’assurance"),
    Variable(
        "pour",
        "de qui elle est",
        "{% if submission.holder.scope.value == 'family' %}famille {% endif %}{{ submission.holder.name }}",
        "Léa TEST",
    ),
)
_OVER = "submission.version.valid_until < today"
_UNTIL = "{{ submission.version.valid_until|day_plain }}"


_REMINDER = (
    Variable("service", "le service auquel payer", "{{ office_name }}", "Accueil de loisirs"),
    Variable(
        "factures", "les factures, une par ligne, avec ce qui reste à payer",
        "{% for line in lines %}- {{ line.number }} du {{ line.issued_on|day_plain }},"
        " à régler avant le {{ line.due_on|day_plain }} : {{ line.balance_cents|euros }}\n{% endfor %}",
        "- pop-F261100001 du 02/11/2026, à régler avant le 02/12/2026 : 35,00\u00a0€", True,
    ),
    Variable("total", "ce qui reste à payer en tout", "{{ lines|sum(attribute='balance_cents')|euros }}",
             "35,00\u00a0€", True),
    Variable("s", "« s » s’il y a plusieurs factures", "{{ 's' if lines|length > 1 }}", ""),
)  # fmt: skip

_DEBIT = (
    Variable("service", "le service qui prélève", "{{ office_name }}", "Accueil de loisirs"),
    Variable("jour", "le jour du prélèvement", "{{ collected_on|day_long }}", "lundi 14 décembre 2026", True),
    Variable("jour_court", "le même en chiffres", "{{ collected_on|day_plain }}", "14/12/2026"),
    Variable(
        "factures", "les factures, une par ligne, avec ce qui est prélevé",
        "{% for line in lines %}- {{ line.number }} : {{ line.amount_cents|euros }}\n{% endfor %}",
        "- pop-F261100001 : 35,00\u00a0€", True,
    ),
    Variable("total", "ce qui est prélevé en tout", "{{ total_cents|euros }}", "35,00\u00a0€", True),
)  # fmt: skip


def _ended_days(rows: str) -> str:
    return (
        "{% for day, rows in " + rows + "|groupby('day') %}- {{ day|day_long }} : "
        "{{ rows|map(attribute='unit.name')|join(', ') }}\n{% endfor %}"
    )


def _kind(code: str, topic: MailTopic, name: str, when: str, button: str, *variables: Variable) -> tuple[str, MailKind]:
    return code, MailKind(code, topic, name, when, button, (*variables, *COMMON, _SIGNED))


MAIL_KINDS: Mapping[str, MailKind] = dict((
    _kind(
        "sign_up_received", MailTopic.ACCOUNTS, "Demande de compte reçue", "Une famille vient de demander un compte.",
        DEFAULT_BUTTON, _FAMILY,
    ),
    _kind(
        "activation", MailTopic.ACCOUNTS, "Compte à confirmer", "Vous avez accepté une demande de compte.",
        "Confirmer mon compte", _link("/activation/{{ secret }}", is_compulsory=True, meaning=_ONCE),
        _UNTIL_WHEN,
        _FAMILY,
    ),
    _kind(
        "sign_up_refused", MailTopic.ACCOUNTS, "Demande de compte refusée", "Vous avez refusé une demande de compte.",
        DEFAULT_BUTTON, _FAMILY, _REASON,
    ),
    _kind(
        "guardian_invited", MailTopic.ACCOUNTS, "Invitation d’un second parent", "Un parent en invite un autre.",
        "Accepter l’invitation", _link("/invitation/{{ secret }}", is_compulsory=True, meaning=_ONCE),
        _UNTIL_WHEN,
        Variable("qui_invite", "le parent qui invite", "{{ inviter }}", "Camille TEST", True), _FAMILY,
    ),
    _kind(
        "change_accepted", MailTopic.FILES, "Changement accepté", "Vous avez accepté un changement du dossier.",
        "Voir mon dossier", _link("/ma-famille"), *_CHANGE, _CHANGED,
    ),
    _kind(
        "change_edited", MailTopic.FILES, "Changement accepté et corrigé", "Vous avez corrigé ce que vous acceptiez.",
        "Vérifier mon dossier", _link("/ma-famille"), *_CHANGE, _CHANGED,
    ),
    _kind(
        "change_refused", MailTopic.FILES, "Changement refusé", "Vous avez refusé un changement du dossier.",
        "Voir mon dossier", _link("/ma-famille"), *_CHANGE, _ASKED, _REASON,
    ),
    _kind(
        "quotient_refused", MailTopic.FILES, "Quotient familial refusé", "Vous avez refusé un quotient indiqué.",
        "Indiquer un quotient", _link("/ma-famille/coordonnees"),
        Variable("quotient", "le quotient indiqué", "{{ quotient.value_cents|euros }}", "450,00\u00a0€"),
        Variable("du_mois", "« de » ou « d’ », puis son mois", "{{ quotient.starts_on|of_month }}", "d’octobre 2026"),
        Variable("motif", _REASON.meaning, "{{ quotient.refusal_reason }}", _REASON.sample, True), _FAMILY,
    ),
    _kind(
        "document_accepted", MailTopic.FILES, "Pièce acceptée", "Vous avez accepté un document envoyé.",
        "Voir mes documents", _link("/mes-documents"), *_DOCUMENT,
        Variable(
            "validite", "la phrase qui dit jusqu’à quand elle est valable",
            "{% if submission.version.valid_until %}Il est valable jusqu’au " + _UNTIL
            + ". Nous vous écrirons avant.{% endif %}",
            "Il est valable jusqu’au 31/08/2027. Nous vous écrirons avant.",
        ),
    ),
    _kind(
        "document_refused", MailTopic.FILES, "Pièce à renvoyer", "Vous avez refusé un document envoyé.",
        "Envoyer un document", _link("/mes-documents"), *_DOCUMENT,
        Variable("motif", _REASON.meaning, "{{ submission.version.refusal_reason }}", _REASON.sample, True),
    ),
    _kind(
        "document_ends", MailTopic.FILES, "Pièce qui expire", "Un document accepté arrive à sa fin, ou l’a passée.",
        "Envoyer un document", _link("/mes-documents"), *_DOCUMENT,
        Variable(
            "titre", "« Un document expire bientôt » ou « Un document a expiré »",
            "{% if " + _OVER + " %}Un document a expiré{% else %}Un document expire bientôt{% endif %}",
            "Un document expire bientôt",
        ),
        Variable(
            "validite", "jusqu’à quand il est valable, ou depuis quand il ne l’est plus",
            "{% if " + _OVER + " %}Ce document n’est plus valable depuis le " + _UNTIL
            + "{% else %}Ce document est valable jusqu’au " + _UNTIL + "{% endif %}",
            "Ce document est valable jusqu’au 15/12/2026", True,
        ),
        Variable(
            "a_renvoyer", "« Il nous en faut un plus récent. » s’il est obligatoire",
            "{% if is_mandatory %}Il nous en faut un plus récent. {% endif %}", "Il nous en faut un plus récent. ",
        ),
    ),
    _kind(
        "text_to_accept", MailTopic.FILES, "Texte à accepter", "Une version d’un texte à accepter entre en vigueur.",
        "Lire et accepter", _link("/documentation/textes/{{ text.id }}"), _FAMILY,
        Variable("texte", "le titre du texte", "{{ text.name }}", "Règlement intérieur", True),
        Variable(
            "titre", "« Un texte a changé » ou « Un texte à accepter »",
            "{% if is_changed %}Un texte a changé{% else %}Un texte à accepter{% endif %}", "Un texte a changé",
        ),
        Variable(
            "phrase", "ce qui est demandé : relire un texte qui a changé, ou en lire un premier",
            "{% if is_changed %}Un texte que vous aviez accepté a changé, et nous vous demandons de l’accepter à"
            " nouveau{% else %}Nous vous demandons de lire un texte et de l’accepter{% endif %}",
            "Un texte que vous aviez accepté a changé, et nous vous demandons de l’accepter à nouveau",
        ),
        Variable(
            "exigence", "la phrase qui dit ce qu’il empêche, s’il est obligatoire pour s’inscrire",
            "{% if is_blocking %}Sans votre accord, aucune nouvelle demande d’inscription aux activités concernées"
            " n’est possible. {% endif %}", "",
        ),
    ),
    _kind(
        "purge_soon", MailTopic.FILES, "Dossier bientôt effacé",
        "Un dossier sans activité va être effacé par la purge, un mois plus tard.", "Se connecter",
        Variable(
            "lien", "la page à ouvrir : se connecter, ou vous écrire si le dossier est fermé",
            "{{ portal }}{% if family.status == 'active' %}/connexion{% else %}/contact{% endif %}",
            "{portail}/connexion",
        ),
        _FAMILY,
        Variable("jour", "le premier jour où il peut être effacé", "{{ erased_from|day_long }}",
                 "mercredi 23 décembre 2026", True),
        Variable(
            "pour_le_garder", "la phrase qui dit quoi faire pour le garder",
            "{% if family.status == 'active' %}Pour le garder, il suffit de vous connecter avant ce jour :"
            "{% else %}Pour le garder, écrivez-nous avant ce jour :{% endif %}",
            "Pour le garder, il suffit de vous connecter avant ce jour :", True,
        ),
    ),
    _kind(
        "enrolment_accepted", MailTopic.ENROLMENTS, "Inscription acceptée", "Un enfant est inscrit à une activité.",
        "Choisir les jours", _link("/mes-reservations/{{ child.id }}"), *_CHILD,
        Variable("debut", "son premier jour", "{{ enrolment.starts_on|day_long }}", "mardi 1er septembre 2026"),
        Variable("fin", "son dernier jour", "{{ enrolment.ends_on|day_long }}", "mardi 31 août 2027"),
    ),
    _kind(
        "enrolment_refused", MailTopic.ENROLMENTS, "Inscription refusée", "Vous avez refusé une demande d’inscription.",
        "Voir mes inscriptions", _link("/mes-inscriptions"), *_CHILD,
        Variable("motif", _REASON.meaning, "{{ enrolment.refusal_reason }}", _REASON.sample, True),
    ),
    _kind(
        "enrolment_waiting", MailTopic.ENROLMENTS, "Inscription en liste d’attente",
        "Une demande d’inscription attend qu’une place se libère.",
        "Suivre ma demande", _link("/mes-inscriptions"), *_CHILD,
        Variable("groupe", "le groupe", "{{ enrolment.group_name }}", "6-11 ans"),
        Variable(
            "rang", "la phrase qui dit le rang et sa raison",
            "{% if enrolment.rank %}Elle est classée au rang {{ enrolment.rank }}. {{ enrolment.rank_reason }}."
            "{% elif enrolment.line %}Elle est au rang {{ enrolment.line }} de la liste, dans l’ordre d’arrivée."
            "{% endif %}",
            "Elle est classée au rang 3.",
        ),
    ),
    _kind(
        "enrolment_ended", MailTopic.ENROLMENTS, "Fin d’une inscription", "Une inscription prend fin, ou est annulée.",
        "Voir mes inscriptions", _link("/mes-inscriptions"), *_CHILD,
        Variable(
            "fin", "la phrase qui dit la fin",
            "{% if plan.never_begins %}L’inscription {{ child.full_name|of }} est annulée : "
            "{{ enrolment.activity_name }}."
            "{% else %}L’inscription {{ child.full_name|of }} prend fin : {{ enrolment.activity_name }}, dernier"
            " jour le {{ plan.last_day|day_long }}.{% endif %}",
            "L’inscription de Léa TEST prend fin : Mercredi, dernier jour le vendredi 18 décembre 2026.", True,
        ),
        Variable(
            "reservations", "les réservations annulées, et celles qui restent dues",
            "{% if plan.cancelled %}Réservations annulées, sans frais :\n"
            + _ended_days("plan.cancelled")
            + "{% endif %}{% if plan.cancelled and plan.kept %}\n{% endif %}"
            "{% if plan.kept %}Réservations qui ne peuvent plus être annulées, et restent dues :\n"
            + _ended_days("plan.kept") + "{% endif %}",
            "Réservations annulées, sans frais :\n- mercredi 6 janvier 2027 : Matin, Repas", True,
        ),
    ),
    _kind(
        "bookings_accepted", MailTopic.BOOKINGS, "Réservations acceptées", "Vous avez accepté des jours demandés.",
        "Voir le planning", _link("/mes-reservations"), *_DAYS, _PRICED_DAYS,
    ),
    _kind(
        "bookings_refused", MailTopic.BOOKINGS, "Réservations refusées", "Vous avez refusé des jours demandés.",
        "Voir le planning", _link("/mes-reservations"), *_DAYS, _PLAIN_DAYS, _REASON,
    ),
    _kind(
        "days_closed", MailTopic.BOOKINGS, "Jours fermés", "Vous avez fermé des jours déjà réservés (grève, neige).",
        "Voir le planning", _link("/mes-reservations"), *_DAYS, _PLAIN_DAYS, _REASON,
    ),
    _kind(
        "bookings_by_staff", MailTopic.BOOKINGS, "Réservations modifiées par le service",
        "Vous avez réservé ou annulé pour une famille, et choisi de la prévenir.",
        "Voir le planning", _link("/mes-reservations/{{ child.id }}"), *_CHILD[:3],
        Variable(
            "changements", "ce qui est réservé et annulé, un jour par ligne",
            "{% for day in days %}- {{ day.day|day_long }}, {{ day.activity_name }} : {{ day.words }}, "
            "{{ day.said }}{% if day.price_cents is not none %} ({{ day.price_cents|euros }}){% endif %}\n"
            "{% endfor %}",
            "- mercredi 2 décembre 2026, Mercredi : Matin, Repas, réservé (7,30\u00a0€)", True,
        ),
        Variable(
            "motif", "la phrase qui dit le motif ou la note que l’agent a écrits",
            "{% if reason %}Motif : {{ reason }}{% endif %}", "Motif : Demande par téléphone.", True,
        ),
    ),
    _kind(
        "bookings_unanswered", MailTopic.BOOKINGS, "Demande restée sans réponse",
        "Un jour demandé commence, et personne n’a répondu.",
        "Voir le planning", _link("/mes-reservations"), *_DAYS, _PLAIN_DAYS,
    ),
    _kind(
        "waiting_confirmed", MailTopic.BOOKINGS, "Place réservée depuis la liste d’attente",
        "Une place se libère pour une famille qui a choisi qu’elle soit réservée aussitôt.",
        "Voir le planning", _link("/mes-reservations"), *_DAYS, _WAITED_DAYS,
    ),
    _kind(
        "waiting_offered", MailTopic.BOOKINGS, "Place proposée",
        "Une place se libère pour une famille en liste d’attente.",
        "Répondre", _link("/mes-reservations/listes-d-attente"), *_DAYS, _WAITED_DAYS,
    ),
    _kind(
        "waiting_unanswered", MailTopic.BOOKINGS, "Place proposée, restée sans réponse",
        "Le temps pour accepter une place proposée est passé.",
        "Voir le planning", _link("/mes-reservations"), *_DAYS, _PLAIN_DAYS,
    ),
    _kind(
        "waiting_over", MailTopic.BOOKINGS, "Liste d’attente terminée",
        "Le délai pour réserver passe sans qu’une place se soit libérée.",
        "Voir le planning", _link("/mes-reservations"), *_DAYS, _PLAIN_DAYS,
    ),
    _kind(
        "waiting_removed", MailTopic.BOOKINGS, "Attente retirée par le service",
        "Vous avez retiré une famille d’une liste d’attente, ou repris la place proposée.",
        "Voir le planning", _link("/mes-reservations"), *_DAYS, _PLAIN_DAYS, _REASON,
    ),
    _kind(
        "week_reminder", MailTopic.BOOKINGS, "Semaine sans réservation",
        "Les réservations d’une semaine vont finir, et rien n’y est réservé. Pour les parents qui l’ont demandé.",
        "Réserver", *_WEEKS,
    ),
    _kind(
        "places_released", MailTopic.BOOKINGS, "Places rendues faute de paiement",
        "Des places gardées n’ont pas été réglées à temps.",
        "Voir le planning", _link("/mes-reservations"), *_DAYS, _PLAIN_DAYS,
    ),
    _kind(
        "paid_too_late", MailTopic.MONEY, "Paiement arrivé trop tard",
        "Un paiement en ligne arrive pour des places qui ne sont plus gardées.",
        "Voir mes factures", _link("/mes-factures"), *_DAYS, _PLAIN_DAYS,
        Variable("montant", "la somme qui reste à la famille", "{{ amount_cents|euros }}", "12,00\u00a0€", True),
        Variable("reference", "la référence du paiement", "{{ reference }}", "EFABC123", True),
    ),
    _kind(
        "paid_twice", MailTopic.MONEY, "Places payées deux fois",
        "Un paiement en ligne arrive pour des places qui sont déjà réservées.",
        "Voir mes factures", _link("/mes-factures"), *_DAYS, _PLAIN_DAYS,
        Variable("montant", "la somme qui reste à la famille", "{{ amount_cents|euros }}", "12,00\u00a0€", True),
        Variable("reference", "la référence du paiement", "{{ reference }}", "EFABC123", True),
    ),
    _kind(
        "absences_decided", MailTopic.BOOKINGS, "Absences justifiées ou non", "Vous avez décidé sur des absences.",
        "Voir mes absences", _link("/mes-reservations/absences"),
        Variable("enfants", "les prénoms des enfants", "{{ names }}", "Léa"),
        Variable(
            "absences", "ce qui est décidé, une absence par ligne",
            "{% for line in lines %}- {{ line }}\n{% endfor %}",
            "- Léa, Mercredi, mercredi 2 décembre 2026 : Matin, Repas. Acceptée, elle ne sera pas facturée.", True,
        ),
        Variable(
            "total", "la phrase qui dit de combien la facture à venir change",
            "{% if difference_cents %}Votre prochaine facture change de {{ difference_cents|signed_euros }}."
            "{% endif %}",
            "Votre prochaine facture change de −12,60\u00a0€.",
        ),
        Variable(
            "motif", "la phrase qui dit pourquoi une absence est refusée",
            "{% if reason %}Motif du refus : {{ reason }}{% endif %}",
            "Motif du refus : Le certificat ne couvre pas ce jour.", True,
        ),
    ),
    _kind(
        "prices_changed", MailTopic.MONEY, "Prix de réservations changés",
        "Le prix de réservations pas encore facturées n’est plus le même.",
        "Voir les nouveaux prix", _link("/mes-reservations"), _FAMILY,
        Variable("nombre", "combien de réservations", "{{ count }}", "4"),
        Variable("s", "« s » s’il y en a plusieurs", "{{ 's' if count > 1 }}", "s"),
        Variable(
            "difference", "la phrase qui dit combien de plus ou de moins",
            "{% if difference_cents < 0 %}Vous paierez {{ (-difference_cents)|euros }} de moins."
            "{% elif difference_cents > 0 %}Vous paierez {{ difference_cents|euros }} de plus."
            "{% else %}Le total ne change pas.{% endif %}", "Vous paierez 3,20\u00a0€ de moins.", True,
        ),
    ),
    _kind(
        "invoice_issued", MailTopic.MONEY, "Facture disponible", "Une facture vient d’être émise.",
        "Voir mes factures", _link("/mes-factures"), _FAMILY,
        Variable("facture", "le numéro de la facture", "{{ invoice.number }}", "pop-F261100001", True),
        Variable("mois", "le mois facturé, ou les mois", "{{ months|months_long }}", "octobre 2026"),
        Variable("montant", "le total", "{{ invoice.total_cents|euros }}", "35,00\u00a0€"),
        Variable(
            "a_regler", "la phrase qui dit quoi payer et avant quand",
            "{% if not invoice.total_cents %}Vous n’avez rien à payer : {% if not is_reduced %}vos aides couvrent tout"
            "{% elif is_aided %}vos aides et une réduction couvrent tout{% else %}une réduction couvre tout{% endif %}."
            "{% elif not due_cents %}Montant : {{ invoice.total_cents|euros }}. Vous n’avez rien à payer : votre avoir"
            " disponible le couvre."
            "{% elif due_cents < invoice.total_cents %}Montant : {{ invoice.total_cents|euros }}. Votre avoir"
            " disponible en est déduit : il reste {{ due_cents|euros }} à régler avant le"
            " {{ invoice.due_on|day_long }}."
            "{% else %}Montant : {{ invoice.total_cents|euros }}, à régler avant le {{ invoice.due_on|day_long }}."
            "{% endif %}",
            "Montant : 35,00\u00a0€, à régler avant le mercredi 2 décembre 2026.", True,
        ),
    ),
    _kind(
        "credit_issued", MailTopic.MONEY, "Avoir émis", "Un avoir vient d’être émis\u00a0: une facture est corrigée.",
        "Voir mes factures", _link("/mes-factures?soldees=1"), _FAMILY,
        Variable("avoir", "le numéro de l’avoir", "{{ credit.number }}", "pop-A261100001", True),
        Variable("facture", "le numéro de la facture corrigée", "{{ invoice.number }}", "pop-F261100001"),
        Variable("montant", "le total de l’avoir", "{{ credit.total_cents|euros }}", "8,40\u00a0€", True),
        Variable("motif", "pourquoi la facture est corrigée", "{{ credit.reason }}", "Fermé par la neige", True),
        Variable(
            "suite", "la phrase qui dit ce que devient la somme",
            "{% if not credit.total_cents %}Vos aides avaient payé ces jours : rien ne change pour vous."
            "{% elif left_cents %}{{ left_cents|euros }} restent à vous : vos prochaines factures en tiendront compte."
            "{% else %}Cette somme est déduite de ce que vous devez.{% endif %}",
            "Cette somme est déduite de ce que vous devez.", True,
        ),
    ),
    _kind(
        "payment_received", MailTopic.MONEY, "Paiement reçu", "Un paiement vient d’être enregistré.",
        "Voir mes factures", _link("/mes-factures?soldees=1"),
        Variable("montant", "la somme reçue", "{{ payment.amount_cents|euros }}", "35,00\u00a0€", True),
        Variable("jour", "le jour du paiement", "{{ payment.received_on|day_long }}", "lundi 23 novembre 2026"),
        Variable("recu", "le numéro du reçu", "{{ payment.receipt_number }}", "pop-Q261100001", True),
    ),
    _kind(
        "debit_planned", MailTopic.MONEY, "Prélèvement annoncé", "Vous venez de préparer un prélèvement.",
        "Voir ce qui est prévu", _link("/mes-factures/prelevement"), _FAMILY, *_DEBIT,
        Variable("compte", "le compte débité, dont on ne montre que les deux bouts", "{{ account }}",
                 "FR76 … 0189", True),
        Variable("creancier", "le nom du créancier", "{{ creditor_name }}", "Régie enfance", True),
        Variable("ics", "l’identifiant du créancier", "{{ creditor_identifier }}", "FR72ZZZ123456", True),
        Variable("rum", "la référence du mandat de la famille", "{{ mandate_reference }}", "pop-M000012-1", True),
    ),
    _kind(
        "debit_abandoned", MailTopic.MONEY, "Prélèvement abandonné",
        "Vous avez abandonné un prélèvement qui était annoncé.", "Voir mes factures", _link("/mes-factures"), _FAMILY,
        *_DEBIT,
    ),
    _kind(
        "debit_refused", MailTopic.MONEY, "Prélèvement rejeté",
        "Un prélèvement n’a pas eu lieu, et aucun encaissement n’était enregistré.", "Voir mes factures",
        _link("/mes-factures"), _FAMILY,
        Variable("facture", "le numéro de la facture", "{{ number }}", "pop-F261100001", True),
        Variable("montant", "la somme prévue", "{{ amount_cents|euros }}", "35,00\u00a0€", True),
        Variable("jour", "le jour prévu", "{{ collected_on|day_long }}", "lundi 14 décembre 2026"),
        Variable("echeance", "la date limite de paiement", "{{ due_on|day_plain }}", "02/12/2026"),
        Variable("motif", "la raison que la banque a donnée", "{{ reason }}", "Provision insuffisante", True),
    ),
    _kind(
        "payment_reversed", MailTopic.MONEY, "Paiement annulé", "Un paiement vient d’être annulé.",
        "Voir mes factures", _link("/mes-factures"), _FAMILY,
        Variable("montant", "la somme qui ne compte plus", "{{ payment.amount_cents|euros }}", "35,00\u00a0€", True),
        Variable("jour", "le jour du paiement", "{{ payment.received_on|day_long }}", "lundi 23 novembre 2026"),
        Variable("recu", "le numéro du reçu", "{{ payment.receipt_number }}", "pop-Q261100001"),
        Variable("motif", "la raison que l’agent a écrite", "{{ reason }}", "Chèque sans provision", True),
        Variable(
            "a_regler", "la phrase qui dit ce qui est de nouveau à payer",
            "{% if lines %}De nouveau à régler :\n{% for line in lines %}- {{ line.number }}, avant le"
            " {{ line.due_on|day_plain }} : {{ line.balance_cents|euros }}\n{% endfor %}"
            "{% else %}Vous n’avez rien de plus à régler.{% endif %}",
            "De nouveau à régler :\n- pop-F261100001, avant le 02/12/2026 : 35,00\u00a0€", True,
        ),
    ),
    *(
        _kind(
            f"payment_reminder_{level}", MailTopic.MONEY, f"Relance de niveau {level}",
            "Vous envoyez les relances de ce niveau. Le même texte fait la lettre des familles sans adresse.",
            "Voir mes factures", _link("/mes-factures"), _FAMILY, *_REMINDER,
        )
        for level in (1, 2, 3)
    ),
    _kind(
        "tax_certificate_published", MailTopic.MONEY, "Attestation fiscale disponible",
        "Vous publiez les attestations fiscales d’une année.", "Voir mon attestation",
        _link("/mes-factures/releve"), Variable("annee", "l’année des paiements", "{{ year }}", "2025", True),
        Variable(
            "remplace", "la phrase qui dit qu’une attestation en remplace une autre",
            "{% if version > 1 %}Elle remplace celle que vous aviez reçue.{% endif %}", "",
        ),
    ),
    (
        SIGNATURE,
        MailKind(
            SIGNATURE, MailTopic.ALL, "Signature", "À la fin de tous les courriels.", DEFAULT_BUTTON, COMMON
        ),
    ),
))  # fmt: skip

FIXED: Mapping[str, str] = {
    # About the security of an account: their words are part of how it is kept.
    "account_closed": "Compte fermé",
    "activation_not_needed": "Compte déjà confirmé",
    "email_change": "Changement d’adresse à confirmer",
    "email_change_asked": "Changement d’adresse demandé",
    "email_change_known": "Adresse qui a déjà un compte",
    "email_changed": "Adresse changée",
    "family_claimed": "Famille réunie à un compte",
    "family_imported": "Code d’une famille importée",
    "guardian_joined": "Second parent connecté",
    "password_changed": "Mot de passe changé",
    "password_reset": "Mot de passe oublié",
    "recovery_code_used": "Code de secours utilisé",
    "second_factor_off": "Double vérification arrêtée",
    "second_factor_on": "Double vérification en place",
    "second_factor_reset": "Double vérification remise à zéro",
    "sign_up_known": "Demande de compte, adresse connue",
    # What the law wants said of an erasure.
    "erasure_asked": "Effacement demandé",
    "erasure_done": "Données effacées",
    "erasure_refused": "Effacement refusé",
    "erasure_withdrawn": "Demande d’effacement retirée",
    # Written anew by somebody each time.
    "message_answered": "Réponse à un message",
    "message_received": "Message reçu d’une famille",
    "urgent_message": "Message urgent",
    # To agents.
    "sign_up_to_review": "Compte à valider",
    "staff_added": "Accès d’agent ajouté",
    "staff_invited": "Invitation d’un agent",
}
"""Mails whose text is ours alone, with the name that the staff read; a Jinja template each."""

WITH_ONE_TIME_LINK = frozenset({"activation", "email_change", "guardian_invited", "password_reset", "staff_invited"})
"""Mails that only the person whose link it is may have."""

ABOUT_A_FAMILY = frozenset(MAIL_KINDS) - {SIGNATURE, *WITH_ONE_TIME_LINK} | {
    "erasure_asked",
    "erasure_refused",
    "erasure_withdrawn",
    "message_answered",
    "urgent_message",
}
"""Mails to the adults of a family as such: sent again, they may go to the address that one of them has now."""


def name_of(template: str) -> str:
    """What the staff call a mail of this template."""
    kind = MAIL_KINDS.get(template)
    return kind.name if kind is not None else FIXED.get(template, template)
