"""QuickBooks Online on the wire."""

from connector_conformance import books as any_books
from connector_conformance.books import Books
from connector_conformance.simulator import Simulator
from connector_conformance.speaking import Speaker
from connector_qbo.app import QBO

AUTH, OPERATIONS = QBO.auth, QBO.operations


async def speaker(simulator: Simulator, name: str, **settings: object) -> Speaker:
    """A connection to an organisation of that name, fresh, with these settings there."""
    return await any_books.speaker(QBO, simulator, name, **settings)


async def books(simulator: Simulator, name: str, **settings: object) -> Books:
    """A customer and an item in an organisation of that name."""
    return await any_books.books(QBO, simulator, name, **settings)
