"""Domain error → status and French page. An error page says what happened and what to do next."""

import logging

from flask import Flask, Response, current_app, g, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response as BaseResponse

from app.access import resume_address
from app.database import db
from app.filters import NBSP
from app.htmx import render_page
from app.kept_forms import is_from_own_page, is_worth_keeping, of_this_request, show_again, show_sign_in
from app.services.errors import (
    AbsencesMoved,
    AidSpent,
    AlreadyDecided,
    AlreadyReversed,
    BookSettled,
    ClosureMoved,
    CorrectionMoved,
    DebitMoved,
    DebitTooHigh,
    DomainError,
    DraftMoved,
    EndMoved,
    EnrolmentOver,
    ErasureHeld,
    FamilyNotActive,
    ForgedForm,
    GroupFull,
    ImportUsed,
    LastAdministrator,
    MandateExists,
    ModeNotTaken,
    MoveRefused,
    NameTaken,
    NoRoomForFile,
    NotFound,
    NothingToHandIn,
    OfferGone,
    OtherFamily,
    OwnAccount,
    OwnFamily,
    PartlyRefunded,
    PlacesExceeded,
    PoolGone,
    PriceMoved,
    RankingMoved,
    RequestChanged,
    SharedEmail,
    StaffAccount,
    TextChanged,
    TooManyInvitations,
    UnknownCommune,
    VersionBegun,
    YearNotOver,
)

logger = logging.getLogger(__name__)

_STATUSES_WITH_A_PAGE = {400, 403, 404, 405, 413, 429, 500}

# What a person reads when a command refuses, and with which status.
_REFUSALS: dict[type[DomainError], tuple[int, str]] = {
    GroupFull: (409, "Ce groupe est complet."),
    NoRoomForFile: (409, "Vous avez envoyé trop de documents. Réessayez demain."),
    TextChanged: (409, "Ce texte vient de changer. Relisez-le, puis acceptez à nouveau."),
    AbsencesMoved: (409, "Ces absences ont changé entre-temps. Relisez-les avant de les justifier."),
    AlreadyDecided: (409, "Un autre agent a déjà traité cette demande."),
    ImportUsed: (409, "Une famille de cet import a déjà fait quelque chose : il ne peut plus être annulé."),
    RequestChanged: (409, "La famille vient de modifier sa demande. Relisez-la avant de décider."),
    UnknownCommune: (409, "Nous ne connaissons pas de commune de ce nom à ce code postal. Corrigez l’adresse."),
    ModeNotTaken: (409, "Ce service n’accepte pas ce mode de règlement : choisissez-en un autre."),
    AlreadyReversed: (409, "Ce règlement est déjà annulé : la liste des encaissements le montre."),
    PartlyRefunded: (409, "Une partie de ce règlement a été remboursée à la famille : il ne peut plus être annulé."),
    MandateExists: (409, "Cette famille a déjà un mandat pour ce service : terminez-le avant d’en saisir un autre."),
    DebitMoved: (409, "Ce prélèvement a changé entre-temps, ou ce n’est pas possible maintenant : relisez-le."),
    DebitTooHigh: (409, "Une facture a été réglée ou réduite depuis : retirez sa ligne avant de créer le fichier."),
    NothingToHandIn: (409, "La caisse a changé entre-temps : relisez ce qui s’y trouve avant de verser."),
    PoolGone: (409, "Cette préparation n’est plus celle d’aujourd’hui : relisez la facturation avant de continuer."),
    CorrectionMoved: (409, "Cette facture vient d’être corrigée. Relisez-la avant de recommencer."),
    OwnFamily: (403, "Vous ne pouvez pas décider pour votre propre famille : demandez à un collègue."),
    OwnAccount: (403, "Vous ne pouvez pas changer votre propre compte d’agent : demandez à un collègue."),
    SharedEmail: (409, "Un autre parent se connecte déjà avec cette adresse : donnez-en une autre à cette personne."),
    TooManyInvitations: (429, "Plusieurs invitations sont déjà parties vers cette adresse. Attendez une heure."),
    OtherFamily: (
        409,
        f"Vous avez changé de famille dans un autre onglet{NBSP}: cette page était celle d’une autre de vos familles, "
        "rien n’est enregistré. "
        "Choisissez la famille en haut de la page, puis recommencez.",
    ),
    StaffAccount: (403, "Un compte d’agent est fermé par un administrateur."),
    LastAdministrator: (409, "Il doit rester un administrateur : donnez d’abord ce rôle à un autre agent."),
    ForgedForm: (400, "Ce formulaire n’est pas complet. Revenez à la page précédente, rechargez-la et recommencez."),
    NameTaken: (409, "Ce nom est déjà pris : choisissez-en un autre."),
    AidSpent: (409, "Cette aide a déjà payé davantage, ou des jours hors de ces dates. Relisez ce qui est facturé."),
    ErasureHeld: (409, "Quelque chose est à terminer d’abord. Relisez le plan."),
    MoveRefused: (409, "Le solde de cette facture a changé entre-temps. Relisez-la."),
    YearNotOver: (409, "Les attestations d’une année se publient quand elle est finie."),
    BookSettled: (409, "Ce carnet est déjà facturé, ou l’une de ses entrées : il ne peut plus être repris."),
    PriceMoved: (409, "Le prix a changé depuis l’affichage de la page : relisez-le avant d’acheter."),
    VersionBegun: (409, "Ces tarifs sont déjà en vigueur : copiez-les vers une nouvelle version pour les changer."),
    EnrolmentOver: (409, "Cette inscription est déjà terminée ou annulée."),
    ClosureMoved: (409, "Les réservations ont changé entre-temps. Relisez-les avant de fermer."),
    PlacesExceeded: (409, "Il n’y a plus de place. Confirmez que vous dépassez le nombre de places."),
    EndMoved: (409, "Les réservations ont changé entre-temps. Relisez-les avant de confirmer."),
    OfferGone: (409, "Cette place ne vous est plus proposée. Le temps pour répondre est passé, ou le jour a changé."),
    RankingMoved: (409, "Le classement a changé entre-temps. Relisez-le avant de décider."),
    DraftMoved: (409, "Ce brouillon a changé entre-temps, peut-être dans un autre onglet. Rouvrez-le et recommencez."),
    FamilyNotActive: (
        403,
        "Votre dossier est fermé : vous pouvez seulement le consulter. Écrivez-nous pour le rouvrir.",
    ),
}


def init_app(app: Flask) -> None:
    """Register the pages of every error."""

    @app.errorhandler(HTTPException)
    def show_http_error(error: HTTPException) -> Response | BaseResponse | HTTPException:
        if error.code is None or error.code < 400:
            return error
        if error.code == 404 and (address := _without_slash()) is not None:
            return redirect(address, 308)
        page = _page(error.code)
        if isinstance(error, MethodNotAllowed) and error.valid_methods is not None:
            page.allow.update(error.valid_methods)
        return page

    @app.errorhandler(NotFound)
    def show_not_found(_error: NotFound) -> Response:
        return _page(404)

    @app.errorhandler(DomainError)
    def show_refusal(error: DomainError) -> Response:
        db.session.rollback()
        status, sentence = _REFUSALS[type(error)]
        return render_page("errors/refusal.html", layout=_layout(), status=status, sentence=sentence)

    @app.errorhandler(CSRFError)
    def show_csrf(_error: CSRFError) -> Response:
        db.session.rollback()
        if is_worth_keeping() and is_from_own_page() and resume_address() is None:
            return show_again(of_this_request(), 400) if current_user.is_authenticated else show_sign_in()
        return render_page("errors/csrf.html", layout=_layout(), status=400, resume_address=resume_address())

    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    def show_unavailable(error: Exception) -> tuple[str, int, dict[str, str]]:
        logger.error("the database does not answer on %s: %s", request.endpoint, type(error).__name__)
        # Nothing that this page shows may need the database.
        g.without_database = True
        return render_template("errors/503.html", layout="layouts/bare.html"), 503, {"Retry-After": "60"}

    @app.errorhandler(Exception)
    def show_failure(error: Exception) -> Response:
        logger.exception("unhandled error on %s", request.endpoint, exc_info=error)
        return _page(500)


def _without_slash() -> str | None:
    """The address of the page that was asked for with a slash too many (`/connexion/`); None when there is none."""
    path = request.path.rstrip("/")
    if request.method not in ("GET", "HEAD") or path in ("", request.path):
        return None
    try:
        endpoint, arguments = current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return None
    query = request.query_string.decode(errors="replace")
    return url_for(endpoint, **arguments) + (f"?{query}" if query else "")


def _page(status: int) -> Response:
    # What failed may have left the session unusable; the page itself needs a few reads.
    db.session.rollback()
    known = status if status in _STATUSES_WITH_A_PAGE else 400 if status < 500 else 500
    return render_page(f"errors/{known}.html", layout=_layout(), status=status)


def _layout() -> str:
    """The layout of the door at which the error happened."""
    if current_user.is_authenticated:
        if request.path.startswith("/gestion") and current_user.user.is_staff:
            return "staff"
        if not current_user.user.is_staff:
            return "family"
    return "public"
