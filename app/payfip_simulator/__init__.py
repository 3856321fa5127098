"""A simulator of PayFiP for the demonstration and the tests: the same web service, a payment page, notifications.

It stands for a site outside: it knows nothing of the portal but what PayFiP is told, listens on loopback only, on a
port and threads of its own, and keeps its operations in a file of the instance folder. Money never moves. What is known
of PayFiP, what is only said of it, and what is invented here: docs/decisions/0005-payment-gateway.md.
"""

from app.payfip_simulator.server import Simulator, bind_simulator, start_simulator
from app.payfip_simulator.web_service import TechnicalFault

__all__ = ["Simulator", "TechnicalFault", "bind_simulator", "start_simulator"]
