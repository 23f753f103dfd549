"""Mail goes as the server asks for it, and what can't be sent is said in the app."""

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from contracts.sync import SyncState
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from invoice_api.notices.noticing import Notices
from invoice_api.notices.post import Post
from local_stack.ports import find_free_block
from pydantic import SecretStr
from testkit import eventually

from .noticed_company import Company, Inbox, round_of

Service = Any
USER, PASSWORD = "tallybridge", "river stone 7"


@dataclass(frozen=True)
class Made:
    """A certificate of our own for this machine, and its key."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), address]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("mail")
    pem = serialization.Encoding.PEM
    found = Made(folder / "cert.pem", folder / "key.pem")
    found.certificate.write_bytes(certificate.public_bytes(pem))
    found.key.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return found


@dataclass
class Server(Inbox):
    """A mail server that asks for a log-in, and keeps who tried and how."""

    logins: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    encrypted: list[bool] = field(default_factory=list[bool])
    no: str | None = None

    def __post_init__(self) -> None:
        super().__init__()

    def authenticate(
        self, _server: SMTP, session: Session, _envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=known, handled=False)

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        _options: Sequence[str],
    ) -> str:
        if self.no is not None:
            return self.no
        self.encrypted.append(session.ssl is not None or server.transport is not None)
        envelope.rcpt_tos.append(address)
        return "250 OK"


@asynccontextmanager
async def mail_server(
    service: Service, security: str, made: Made, *, offered: str | None = None, **settings: Any
) -> AsyncGenerator[tuple[Server, Notices]]:
    """`security` is what we ask for; `offered` what the server has, the same by default."""
    held, port = Server(), find_free_block(1)
    asked: dict[str, Any] = {}
    match offered or security:
        case "starttls":
            asked = {"tls_context": made.context(), "require_starttls": True}
        case "tls":
            asked = {"ssl_context": made.context()}
        case _:
            pass
    if asked:
        # Over TLS from the start aiosmtpd doesn't see that it is.
        over_tls = "tls_context" in asked
        asked |= {"auth_required": over_tls, "auth_require_tls": over_tls}
        asked["authenticator"] = held.authenticate
    controller: Any = Controller(held, hostname="127.0.0.1", port=port, **asked)
    await asyncio.to_thread(controller.start)
    parts = service.parts
    update = {
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": security,
        "smtp_user": USER,
        "smtp_password": SecretStr(PASSWORD),
        "smtp_from": "Tallybridge <notices@tally.example>",
        **settings,
    }
    chosen = parts.settings.model_copy(update=update)
    post = Post(parts.database, chosen)
    try:
        yield held, Notices(parts.database, parts.clock, parts.ids, chosen.public_url, post)
    finally:
        await asyncio.to_thread(controller.stop)


async def mail_of(service: Service, company: Company) -> tuple[str, str | None]:
    """How the company's newest mail stands, and why."""
    async with service.parts.database.transaction() as tx:
        row = await tx.fetchrow(
            "SELECT state, why FROM notice_mails WHERE address = $1 ORDER BY id DESC LIMIT 1",
            company.email,
        )
    assert row is not None
    return row["state"], row["why"]


async def again_now(service: Service, company: Company, tries: int | None = None) -> None:
    """The next try is due; `tries` were made already."""
    async with service.parts.database.transaction() as tx:
        await tx.execute(
            "UPDATE notice_mails SET due_at = clock(), tries = coalesce($2, tries)"
            " WHERE state = 'due' AND address = $1",
            company.email,
            tries,
        )


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_goes_encrypted_and_with_a_log_in(
    service: Service,
    company: Company,
    made: Made,
    monkeypatch: pytest.MonkeyPatch,
    security: str,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
    async with mail_server(service, security, made) as (server, notices):
        await company.connection_is(expired=True)
        await round_of(notices)
    [mail] = server.to(company.email)
    assert mail["From"] == "Tallybridge <notices@tally.example>"
    assert server.logins == [(USER.encode(), PASSWORD.encode())]
    assert await mail_of(service, company) == ("sent", None)


@pytest.mark.parametrize(
    ("security", "offered", "trusted", "password", "why", "tried"),
    [
        ("starttls", "starttls", False, PASSWORD, "the mail server isn't who it says it is", False),
        ("tls", "tls", False, PASSWORD, "the mail server isn't who it says it is", False),
        ("starttls", "none", True, PASSWORD, "the mail server can't do what is asked", False),
        ("starttls", "starttls", True, "wrong", "the mail server doesn't accept our log-in", True),
        ("tls", "tls", True, "wrong", "the mail server doesn't accept our log-in", True),
    ],
)
async def test_nothing_is_said_to_a_server_that_can_t_be_trusted_and_it_goes_later(
    service: Service,
    company: Company,
    made: Made,
    monkeypatch: pytest.MonkeyPatch,
    security: str,
    offered: str,
    trusted: bool,
    password: str,
    why: str,
    tried: bool,
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
    secret = SecretStr(password)
    async with mail_server(service, security, made, offered=offered, smtp_password=secret) as (
        server,
        notices,
    ):
        await company.connection_is(expired=True)
        await round_of(notices)
    assert server.mails == []
    assert bool(server.logins) is tried
    state, said = await mail_of(service, company)
    assert (state, (said or "")[: len(why)]) == ("due", why)
    async with mail_server(service, "none", made, smtp_user="") as (server, notices):
        await again_now(service, company)
        await round_of(notices)
        assert len(server.to(company.email)) == 1


async def test_mail_that_is_given_up_is_said_in_the_app_and_told_with_the_next(
    service: Service, company: Company, made: Made
) -> None:
    await company.web.put("/notices/settings", json={"email": "at_once"})
    await company.connection_is()
    await company.invoices_are("item_account_unmapped", SyncState.BLOCKED, 2, minutes=30)
    async with mail_server(service, "none", made, smtp_user="") as (server, notices):
        server.no = "550 no such mailbox here"
        await round_of(notices)
        assert (await company.web.get("/notices")).json()["unsent"] is None, "it is still tried"
        await again_now(service, company, tries=7)
        await round_of(notices)
        why = "the mail server takes no mail for this address"
        assert await mail_of(service, company) == ("given_up", why)
        told = (await company.web.get("/notices")).json()["unsent"]
        assert (told["address"], told["why"]) == (company.email, why)
        transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as web:
            await company.pages(web)
            for page in ("/notices", "/settings/notices"):
                shown = (await web.get(page)).text
                assert f"e-mail to {company.email} couldn" in shown
                assert why in shown

        # Nothing new is said, so nothing goes: not again and again to a server that says no.
        server.no = None
        await round_of(notices)
        assert server.mails == []
        # With the next step goes what never arrived, too.
        await company.invoices_are("period_closed", SyncState.BLOCKED, 1, minutes=30)
        await round_of(notices)
        [mail] = server.to(company.email)
        assert "Items need an income account" in mail.get_content()
        assert "The books are closed" in mail.get_content()
        assert (await company.web.get("/notices")).json()["unsent"] is None
        # Once it has arrived it isn't told a second time.
        await company.invoices_are("too_many_lines", SyncState.BLOCKED, 1, minutes=30)
        await round_of(notices)
        assert "Items need" not in server.to(company.email)[1].get_content()


async def test_a_process_that_ended_while_it_sent_leaves_a_mail_that_is_said_to_be_lost(
    service: Service, company: Company, inbox: tuple[Inbox, Notices]
) -> None:
    held, notices = inbox
    await company.connection_is(expired=True)
    await notices.look()
    await notices.write()
    database = service.parts.database
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE notice_mails SET state = 'sending', due_at = clock() - interval '20 minutes'"
            " WHERE address = $1",
            company.email,
        )
    await round_of(notices)
    assert held.to(company.email) == [], "the server may have it"
    why = "the mail server didn't confirm it; it may have arrived"
    assert await mail_of(service, company) == ("given_up", why)


async def test_an_address_that_is_none_costs_only_its_own_mail(
    service: Service, company: Company, inbox: tuple[Inbox, Notices]
) -> None:
    held, notices = inbox
    other = Company(service, await service.sign_up())
    database = service.parts.database
    await company.connection_is(expired=True)
    await notices.look()
    await notices.write()
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE notice_mails SET address = E'a@b.example\\nBcc: c@d.example'"
            " WHERE address = $1",
            company.email,
        )
    await other.connection_is(expired=True)
    await round_of(notices)
    assert len(held.to(other.email)) == 1
    told = (await company.web.get("/notices")).json()["unsent"]
    assert told["why"] == "nothing can be written to this address"


async def test_a_fault_in_one_step_is_logged_and_the_others_go_on(
    service: Service, company: Company, inbox: tuple[Inbox, Notices]
) -> None:
    held, notices = inbox
    await company.connection_is(expired=True)
    await notices.look()
    await notices.write()
    database = service.parts.database
    zone = "UPDATE companies SET time_zone = $2 WHERE id = $1"
    async with database.transaction() as tx:
        await tx.execute(zone, company.id, "Nowhere/At_all")
    stop = asyncio.Event()
    running = asyncio.create_task(replace(notices, every=0.05).run(stop))

    async def arrived() -> None:
        assert len(held.to(company.email)) == 1

    try:
        await eventually(arrived, within=10)
        assert not running.done()
    finally:
        async with database.transaction() as tx:
            await tx.execute(zone, company.id, "America/New_York")
        stop.set()
        await asyncio.wait([running])
    assert running.exception() is None
