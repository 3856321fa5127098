"""Invoices and receipts as PDF: what they say, what they reach, and the child processes that make them."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from pypdf import PdfReader

from app.integrations import pdf_printer
from app.integrations.pdf import (
    ASSETS,
    InvoicePaper,
    InvoicePaperLine,
    Letterhead,
    PdfFailed,
    PdfMaker,
    PdfTimeout,
    ReceiptPaper,
    ReceiptPaperLine,
)

LETTERHEAD = Letterhead(
    "Communauté de communes de démonstration", "Service périscolaire", ("1 place de la Mairie", "80110 Moreuil"),
    "+33322000000", "regie@example.org",
)  # fmt: skip
ADDRESS = ("TEST Fabrice & Élodie", "12 bis rue des Tilleuls", "Résidence « L’Orée »", "80110 DÉMUIN")
LINE = InvoicePaperLine(
    "Léa", "Mercredi, Après-midi", "5 et 12 février 2020", "Quotient familial de 600 à 1 000 €",
    2, 1750, 3500,
)  # fmt: skip
INVOICE = InvoicePaper(
    "pop-F200300001", date(2020, 3, 1), date(2020, 3, 31), (date(2020, 2, 1),), LETTERHEAD, ADDRESS, (LINE,), 3500, 0, 2000,
    1500, ("En ligne, sur l’espace famille : « Mes factures ».",),
)  # fmt: skip
RECEIPT = ReceiptPaper(
    "pop-Q200300001", date(2020, 3, 12), LETTERHEAD, ADDRESS, "carte bancaire", "EF0123456789ABCDEFGHJK",
    (ReceiptPaperLine("pop-F200300001", date(2020, 3, 1), 1500), ReceiptPaperLine("AN-F191100001", date(2019, 11, 30), 620)),
    500, 2620,
)  # fmt: skip


@pytest.fixture(scope="module")
def maker() -> Iterator[PdfMaker]:
    with PdfMaker() as maker:
        yield maker


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def text_of(pdf: bytes) -> str:
    """The text of all pages, spaces of all kinds as one."""
    return " ".join(" ".join(page.extract_text() for page in read(pdf).pages).split())


def children_of(maker: PdfMaker) -> list[int]:
    return [seat.child.pid for seat in maker._all_seats if seat.child is not None]


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def maker_of(folder: Path, template: str) -> PdfMaker:
    (folder / "page.html").write_text(template, encoding="utf-8")
    return PdfMaker(templates=folder)


# What the papers say


def test_an_invoice_says_everything_in_french(maker: PdfMaker) -> None:
    pdf = maker.render("invoice.html", {"invoice": INVOICE})
    text = text_of(pdf)
    for told in (
        "Communauté de communes de démonstration", "Service périscolaire", "03 22 00 00 00", "regie@example.org",
        *ADDRESS, "Facture pop-F200300001", "Du dimanche 1er mars 2020, pour février 2020",
        "À régler au plus tard le mardi 31 mars 2020", "Léa – Mercredi, Après-midi", "5 et 12 février 2020",
        "Quotient familial de 600 à 1 000 €", "17,50 €", "35,00 €", "−20,00 €", "Reste à payer", "15,00 €",
        "l’espace famille", "page 1 / 1",
    ):  # fmt: skip
        assert told in text, told
    document = read(pdf)
    assert document.trailer["/Root"]["/Lang"] == "fr"
    assert document.metadata is not None
    assert document.metadata.title == "Facture pop-F200300001"
    assert document.metadata.author == LETTERHEAD.council_name
    assert [round(float(side) / 72 * 25.4) for side in document.pages[0].mediabox.upper_right] == [210, 297]


def test_a_receipt_says_what_was_paid_and_for_what(maker: PdfMaker) -> None:
    pdf = maker.render("receipt.html", {"receipt": RECEIPT})
    text = text_of(pdf)
    for told in (
        "Reçu pop-Q200300001", "Reçu le jeudi 12 mars 2020 la somme de 26,20 €", "carte bancaire",
        "EF0123456789ABCDEFGHJK", "pop-F200300001 01/03/2020 15,00 €", "AN-F191100001 30/11/2019 6,20 €",
        "Trop-perçu, gardé pour votre famille 5,00 €", "Total reçu 26,20 €",
    ):  # fmt: skip
        assert told in text, told
    document = read(pdf)
    assert document.trailer["/Root"]["/Lang"] == "fr"
    assert document.metadata is not None and document.metadata.title == "Reçu pop-Q200300001"


@pytest.mark.parametrize(
    ("template", "context"), [("invoice.html", {"invoice": INVOICE}), ("receipt.html", {"receipt": RECEIPT})]
)
def test_fonts_are_embedded_in_part_and_both_are_used(
    maker: PdfMaker, template: str, context: dict[str, object]
) -> None:
    for page in read(maker.render(template, context)).pages:
        fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
        assert {font["/BaseFont"].partition("+")[2] for font in fonts} == {"DejaVuSans", "DejaVuSans-Bold"}
        assert all("/FontFile2" in font["/FontDescriptor"] and "/ToUnicode" in font for font in fonts)


def test_a_long_invoice_repeats_the_head_of_its_table_and_counts_its_pages(maker: PdfMaker) -> None:
    lines = tuple(replace(LINE, label=f"Périscolaire, Accueil {number}") for number in range(40))
    pages = read(maker.render("invoice.html", {"invoice": replace(INVOICE, lines=lines)})).pages
    texts = [" ".join(page.extract_text().split()) for page in pages]
    assert len(texts) > 2
    assert all("Prestation" in text and "Montant" in text for text in texts)
    assert [text.count("pop-F200300001 du 01/03/2020") for text in texts] == [1] * len(texts)
    assert all(f"page {number} / {len(texts)}" in text for number, text in enumerate(texts, start=1))
    whole = " ".join(texts)
    assert all(f"Accueil {number} " in whole for number in range(40))
    assert ["80110 DÉMUIN" in text for text in texts] == [True] + [False] * (len(texts) - 1)


def test_long_names_and_signs_of_other_scripts_still_make_an_invoice(maker: PdfMaker) -> None:
    long = replace(
        INVOICE,
        recipient_lines=tuple(f"Bâtiment « Les Hortensias », escalier B, appartement {number}" for number in range(9)),
        lines=(replace(LINE, child_name="漢字 🎉 محمد", label="A" * 200),),
    )
    text = text_of(maker.render("invoice.html", {"invoice": long}))
    assert "appartement 8" in text and "Reste à payer" in text


def test_a_settled_invoice_asks_for_nothing(maker: PdfMaker) -> None:
    text = text_of(maker.render("invoice.html", {"invoice": replace(INVOICE, credited_cents=1500, balance_cents=0)}))
    assert "Avoirs −15,00 €" in text and "Reste à payer 0,00 €" in text
    assert "Comment régler" not in text


# What they reach


def test_what_a_family_typed_is_text_and_no_markup(maker: PdfMaker) -> None:
    hostile = '</td><td colspan="999999"><img src="http://127.0.0.1:9/x"><pdf:nextpage/>&amp;'
    started = time.monotonic()
    pdf = maker.render("invoice.html", {"invoice": replace(INVOICE, lines=(replace(LINE, child_name=hostile),))})
    assert time.monotonic() - started < 10
    assert len(read(pdf).pages) == 1
    assert 'colspan="999999"' in text_of(pdf) and "<pdf:nextpage/>&amp;" in text_of(pdf)


OUTSIDE = [
    pytest.param('<img src="{address}/x.png">', id="image by http"),
    pytest.param('<style>@import url("{address}/x.css");</style>', id="style sheet by http"),
    pytest.param('<link rel="stylesheet" href="{address}/x.css">', id="link by http"),
    pytest.param('<style>@font-face {{ font-family: f; src: url("{address}/f.ttf"); }} p {{ font-family: f; }}</style>', id="font by http"),
    pytest.param('<style>@page {{ background-image: url("{address}/x.png"); }}</style>', id="background by http"),
    pytest.param('<img src="file:///etc/hostname">', id="file address"),
    pytest.param('<img src="/etc/hostname">', id="file elsewhere"),
    pytest.param('<img src="../communes.tsv.gz">', id="file above"),
    pytest.param('<link rel="stylesheet" href="/etc/passwd">', id="style sheet elsewhere"),
    pytest.param('<img src="missing.png">', id="file that is not there"),
]  # fmt: skip


@pytest.mark.parametrize("markup", OUTSIDE)
def test_a_page_that_asks_for_anything_outside_the_assets_is_refused(
    markup: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, so that the listener would see the call, and a test of the policy alone: no audit hook here."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(pdf_printer.UnusableTemplate):
            pdf_printer.make_pdf(f"<html><body>{markup.format(address=address)}<p>x</p></body></html>", ASSETS)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_the_refusal_reaches_the_caller_and_the_child_lives_on(tmp_path: Path) -> None:
    template = '{% if bad %}<img src="http://127.0.0.1:9/x.png">{% endif %}<p>x</p>'
    with maker_of(tmp_path, template) as maker:
        maker.render("page.html", {"bad": False})
        before = children_of(maker)
        with pytest.raises(PdfFailed, match=r"page\.html: UnusableTemplate: .*127\.0\.0\.1"):
            maker.render("page.html", {"bad": True})
        assert maker.render("page.html", {"bad": False}).startswith(b"%PDF")
        assert children_of(maker) == before


def test_a_value_that_is_missing_is_an_error_not_a_gap(tmp_path: Path) -> None:
    with maker_of(tmp_path, "<p>{{ missing }}</p>") as maker, pytest.raises(UndefinedError):
        maker.render("page.html", {})


def test_the_child_has_none_of_our_environment(maker: PdfMaker) -> None:
    maker.render("receipt.html", {"receipt": RECEIPT})
    (pid,) = children_of(maker)
    names = {entry.partition(b"=")[0] for entry in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0") if entry}
    assert names <= {b"TMPDIR", b"LC_CTYPE"}


def test_the_child_connects_to_nobody() -> None:
    """The second lock: even code that tries is stopped."""
    script = (
        "import sys, socket; sys.path.insert(0, sys.argv[1]); import pdf_printer\n"
        "sys.addaudithook(pdf_printer._refuse_connections)\n"
        "socket.create_connection(('127.0.0.1', 9))"
    )
    folder = str(Path(pdf_printer.__file__).parent)
    ended = subprocess.run([sys.executable, "-I", "-c", script, folder], capture_output=True, text=True, check=False)
    assert "PermissionError: socket.getaddrinfo" in ended.stderr


# The processes


def test_nothing_is_started_before_the_first_pdf() -> None:
    with PdfMaker() as maker:
        assert children_of(maker) == []


def test_a_killed_child_costs_nobody_an_invoice() -> None:
    with PdfMaker() as maker:
        maker.render("receipt.html", {"receipt": RECEIPT})
        (first,) = children_of(maker)
        os.kill(first, signal.SIGKILL)
        assert maker.render("receipt.html", {"receipt": RECEIPT}).startswith(b"%PDF")
        (second,) = children_of(maker)
        assert second != first


def test_a_child_killed_in_the_middle_is_replaced_and_the_page_made_again() -> None:
    lines = tuple(replace(LINE, label=f"Périscolaire, Accueil {number}") for number in range(60))
    with PdfMaker() as maker:
        maker.render("receipt.html", {"receipt": RECEIPT})
        (first,) = children_of(maker)
        killer = threading.Timer(0.1, os.kill, (first, signal.SIGKILL))
        killer.start()
        pdf = maker.render("invoice.html", {"invoice": replace(INVOICE, lines=lines)})
        killer.join()
        assert "Accueil 59" in text_of(pdf)
        assert children_of(maker) != [first]


def test_a_page_that_takes_too_long_is_given_up_and_the_next_one_is_made(tmp_path: Path) -> None:
    template = "{% for _ in range(rows) %}<table><tr><td>a</td><td>b</td></tr></table>{% endfor %}"
    with maker_of(tmp_path, template) as maker:
        maker.render("page.html", {"rows": 1})
        (first,) = children_of(maker)
        maker._timeout_seconds = 1  # a child that starts on a busy machine may take longer: only from here on
        with pytest.raises(PdfTimeout, match=r"page\.html"):
            maker.render("page.html", {"rows": 20_000})
        assert not is_running(first)
        maker._timeout_seconds = 60
        assert maker.render("page.html", {"rows": 1}).startswith(b"%PDF")


def test_several_threads_share_the_children() -> None:
    with PdfMaker(max_workers=2) as maker, ThreadPoolExecutor(4) as threads:
        papers = [replace(RECEIPT, number=f"pop-Q2003{number:05d}") for number in range(8)]
        pdfs = list(threads.map(lambda paper: maker.render("receipt.html", {"receipt": paper}), papers))
        assert 1 <= len(children_of(maker)) <= 2
    for paper, pdf in zip(papers, pdfs, strict=True):
        assert f"Reçu {paper.number}" in text_of(pdf)


def test_closing_ends_the_children_and_makes_no_more() -> None:
    maker = PdfMaker()
    maker.render("receipt.html", {"receipt": RECEIPT})
    (pid,) = children_of(maker)
    maker.close()
    maker.close()
    assert not is_running(pid)
    with pytest.raises(PdfFailed, match="closed"):
        maker.render("receipt.html", {"receipt": RECEIPT})


@pytest.mark.parametrize(
    "end", ["", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"], ids=["at exit", "kill -9"]
)
def test_no_child_outlives_the_portal(end: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>x</p>", encoding="utf-8")
    script = (
        "import sys; from pathlib import Path; from app.integrations.pdf import PdfMaker\n"
        "maker = PdfMaker(templates=Path(sys.argv[1])); maker.render('page.html', {})\n"
        f"print(maker._all_seats[0].child.pid, flush=True)\n{end}"
    )
    root = Path(__file__).parents[2]
    # Not to its end of output, which a child that lives on would hold open.
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=60,
    )
    pid = int(ended.stdout)
    until = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(pid)
