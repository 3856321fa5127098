"""A simulator of PayFiP, the gateway that talks to it, and a council's site that it talks to; the clock stands still."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from app import clock
from app.integrations.payfip import PayFiPGateway, PayFiPMode
from app.payfip_simulator import Simulator, start_simulator
from tests.integrations import payfip_council
from tests.integrations.payfip_council import Server

NOW = datetime(2026, 11, 23, 8, 30)


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Simulator]:
    with clock.moved():
        clock.start_at(NOW, frozen=True)
        running = start_simulator(tmp_path, 0)
        yield running
        running.stop()


@pytest.fixture
def gateway(simulator: Simulator) -> PayFiPGateway:
    return PayFiPGateway(PayFiPMode.SIMULATOR, simulator_url=simulator.url)


@pytest.fixture
def council() -> Iterator[Server]:
    with payfip_council.server() as running:
        yield running
