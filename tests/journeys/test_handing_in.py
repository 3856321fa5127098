"""Handing in photos from a telephone, in a browser: what they cost on the wire, and an upload that is cut half-way."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, Route, expect
from sqlalchemy import select

from app.database import db
from app.integrations.handed_in_files import page_picture
from app.integrations.kept_files import SealedFile, read_sealed
from app.models.required_documents import SubmittedDocument
from app.rules.required_documents import DocumentScope
from tests import factories
from tests.awkward_files import BLUE, RED, pdf, photo
from tests.browser import PHONE, OpenPage, assert_nothing_is_cut_off, run_axe
from tests.served import DemoCopy, environment, served

pytestmark = pytest.mark.browser

MOST_ON_THE_WIRE = 400_000
WORK_MS = 30_000  # two busy cores shrink a photo, or decode one


@dataclass(frozen=True, slots=True)
class Desk:
    """A served portal with one document that is asked of each family."""

    address: str
    copy: DemoCopy
    document_id: int

    def enter(self, page: Page) -> int:
        """Its page, as a new family sees it; returns the family's id."""
        with self.copy.people():
            family = factories.make_family()
            cookie = self.copy.cookie_of(family.user_id).partition("=")[2]
        page.context.add_cookies([{"name": "session", "value": cookie, "url": self.address}])
        page.goto(f"{self.address}/mes-documents/{self.document_id}")
        return family.family_id

    def pages_of(self, family_id: int) -> list[list[Image.Image]]:
        """The pages of each version that the family handed in."""
        with self.copy.people():
            rows = db.session.scalars(select(SubmittedDocument).where(SubmittedDocument.family_id == family_id)).all()
            found: list[list[Image.Image]] = []
            for row in rows:
                content = read_sealed(self.copy.instance, SealedFile(row.path, row.file_key))
                found.append(
                    [Image.open(io.BytesIO(page_picture(content, number))) for number in range(row.page_count)]
                )
            return found


@pytest.fixture(scope="module")
def desk(sqlite_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("handing-in")
    shutil.copytree(sqlite_demo, folder / "instance")
    copy = DemoCopy(folder / "instance", None)
    with copy.people():
        document_id = factories.make_document("Justificatif de test", scope=DocumentScope.FAMILY)
    with served(environment(copy.instance), folder / "served.log") as server:
        yield Desk(server.address, copy, document_id)
    copy.close()


@pytest.fixture(scope="module")
def heavy_photo() -> FilePayload:
    """What a telephone makes: 12 megapixels, 4 MB, lying on its side with the word how to turn it. Red above."""
    image = Image.new("RGB", (3000, 4000), BLUE)
    image.paste(RED, (0, 0, 3000, 2000))
    grain = Image.effect_noise(image.size, 90).convert("RGB")
    lying = Image.blend(image, grain, 0.3).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    content = b""
    for quality in range(60, 100, 4):
        output = io.BytesIO()
        lying.save(output, "JPEG", quality=quality, exif=exif)
        content = output.getvalue()
        if len(content) >= 4_000_000:
            break
    assert 4_000_000 <= len(content) < 8_000_000
    return {"name": "IMG_0042.jpg", "mimeType": "image/jpeg", "buffer": content}


def is_red_above(picture: Image.Image) -> bool:
    small = picture.convert("RGB").resize((3, 9))
    above, below = small.getpixel((1, 2)), small.getpixel((1, 6))
    assert isinstance(above, tuple) and isinstance(below, tuple)
    return above[0] > above[2] + 40 and below[2] > below[0] + 40


COUNT_SENT_BYTES = """
    window.sentBytes = [];
    const send = XMLHttpRequest.prototype.send;
    XMLHttpRequest.prototype.send = function (body) {
        this.upload.addEventListener("load", event => window.sentBytes.push(event.total));
        send.call(this, body);
    };
"""


def choose(page: Page, *files: FilePayload) -> None:
    page.get_by_label("Fichiers", exact=True).set_input_files(list(files))


def test_a_photo_of_4_mb_is_shrunk_before_it_is_sent_and_stands_upright(
    desk: Desk, open_page: OpenPage, heavy_photo: FilePayload
) -> None:
    page = open_page(PHONE)
    page.add_init_script(COUNT_SENT_BYTES)
    family_id = desk.enter(page)
    choose(page, heavy_photo)
    expect(page.locator(".chosen")).to_contain_text("au lieu de 4,", timeout=WORK_MS)
    choose(page, {"name": "quittance.pdf", "mimeType": "application/pdf", "buffer": pdf()})
    choose(page, {"name": "verso.png", "mimeType": "image/png", "buffer": photo("PNG")})
    expect(page.locator(".chosen li")).to_have_count(3)
    expect(page.locator(".chosen canvas")).to_have_count(2)
    assert_nothing_is_cut_off(page)
    run_axe(page)
    page.get_by_role("button", name="Monter verso.png").click()
    page.get_by_role("button", name="Retirer quittance.pdf").click()
    expect(page.locator(".chosen b")).to_have_text(["IMG_0042.jpg", "verso.png"])
    page.get_by_role("button", name="Monter verso.png").click()
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator(".flash.success")).to_contain_text("Votre document est envoyé.", timeout=WORK_MS)
    expect(page.locator("#status")).to_contain_text("Votre document est envoyé.")
    expect(page.locator("main")).to_contain_text("En attente de vérification")
    expect(page.locator(".chosen li")).to_have_count(0)
    weights = page.evaluate("window.sentBytes")
    assert len(weights) == 1 and 20_000 < weights[0] <= MOST_ON_THE_WIRE, weights
    ((first, second),) = desk.pages_of(family_id)
    assert is_red_above(first) and is_red_above(second)
    assert first.width > first.height and second.height > second.width
    # The page that came is as good as the first one: another version goes the same way.
    choose(page, {"name": "autre.png", "mimeType": "image/png", "buffer": photo("PNG")})
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("main .plain > li")).to_have_count(2, timeout=WORK_MS)


def test_an_upload_that_is_cut_goes_on_when_the_network_is_back(
    desk: Desk, open_page: OpenPage, heavy_photo: FilePayload
) -> None:
    page = open_page(PHONE)
    family_id = desk.enter(page)
    choose(page, heavy_photo)
    expect(page.locator(".chosen")).to_contain_text("au lieu de 4,", timeout=WORK_MS)
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 40_000}
    line.send("Network.emulateNetworkConditions", slow)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator(".sending")).to_contain_text("25", timeout=WORK_MS)
    line.send("Network.emulateNetworkConditions", {**slow, "offline": True})
    expect(page.locator(".sending")).to_contain_text("Vos fichiers restent sur cette page")
    expect(page.locator(".chosen b")).to_have_text(["IMG_0042.jpg"])
    expect(page.get_by_role("button", name="Réessayer")).to_be_visible()
    line.send("Network.emulateNetworkConditions", {**slow, "offline": False, "uploadThroughput": -1})
    expect(page.locator(".flash.success")).to_contain_text("Votre document est envoyé.", timeout=WORK_MS)
    ((only,),) = desk.pages_of(family_id)
    assert is_red_above(only)


def test_an_answer_that_is_lost_leaves_one_document_and_a_refusal_keeps_the_files(
    desk: Desk, open_page: OpenPage
) -> None:
    page = open_page(PHONE)
    family_id = desk.enter(page)
    lost: list[int] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch(max_redirects=0).status)
            route.abort("connectionreset")

    good: FilePayload = {"name": "recto.png", "mimeType": "image/png", "buffer": photo("PNG")}
    choose(page, good, {"name": "faux.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 is all"})
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("main [role=alert]")).to_contain_text("faux.pdf", timeout=WORK_MS)
    expect(page.locator("main [role=alert]")).to_be_focused()
    expect(page.locator(".chosen b")).to_have_text(["recto.png", "faux.pdf"])
    page.get_by_role("button", name="Retirer faux.pdf").click()
    page.route("**/mes-documents/*", lose_the_first)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator(".sending")).to_contain_text("nouvel essai dans", timeout=WORK_MS)
    page.get_by_role("button", name="Réessayer").click()
    expect(page.locator(".flash.success").first).to_be_visible(timeout=WORK_MS)
    assert lost == [303] and len(desk.pages_of(family_id)) == 1
