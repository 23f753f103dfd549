"""Mail out, by SMTP: each at most once."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage

from messaging.database import Database
from telemetry.logs import get_logger

from invoice_api.notices import store
from invoice_api.notices.store import Mail
from invoice_api.settings import Settings

_LOG = get_logger(__name__)
_TRIES = 8
_SECONDS = 20


class NotTakenError(Exception):
    """The server surely hasn't taken the mail: it may be tried again."""


@dataclass(frozen=True)
class Post:
    """Sends the mail that is due, by the settings' server."""

    database: Database
    settings: Settings

    async def send_due(self) -> int:
        """How many were sent. One that may have been taken is never sent again."""
        sent = 0
        while True:
            async with self.database.transaction() as tx:
                mail = await store.take_mail(tx)
            if mail is None:
                return sent
            sent += await self._send(mail)

    async def _send(self, mail: Mail) -> bool:
        try:
            await asyncio.to_thread(deliver, self.settings, mail)
        except NotTakenError as error:
            _LOG.warning("mail_not_taken", mail=str(mail.id), tries=mail.tries, error=str(error))
            again = mail.tries < _TRIES
            async with self.database.transaction() as tx:
                await store.mail_ended(
                    tx,
                    mail.id,
                    "due" if again else "given_up",
                    str(error)[:500],
                    timedelta(minutes=2**mail.tries) if again else None,
                )
            return False
        except (OSError, smtplib.SMTPException) as error:
            _LOG.warning("mail_unanswered", mail=str(mail.id), error=type(error).__name__)
            async with self.database.transaction() as tx:
                why = "The server didn't answer; it may have the mail."
                await store.mail_ended(tx, mail.id, "given_up", why)
            return False
        async with self.database.transaction() as tx:
            await store.mail_ended(tx, mail.id, "sent")
        return True


def deliver(settings: Settings, mail: Mail) -> None:
    """Hand the mail over. Raises NotTakenError, or whatever leaves it open whether it was taken."""
    message = EmailMessage()
    message["From"] = settings.smtp_from
    message["To"] = mail.address
    message["Subject"] = mail.subject
    message["Message-ID"] = f"<{mail.id}@tallybridge>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    try:
        server = _connected(settings)
    except (OSError, smtplib.SMTPException) as error:
        raise NotTakenError(f"{type(error).__name__} before the mail was sent") from error
    with server:
        try:
            server.send_message(message)
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
            # The server said no: it has nothing.
            raise NotTakenError(type(error).__name__) from error


def _connected(settings: Settings) -> smtplib.SMTP:
    assert settings.smtp_host is not None, "post is made where a server is set"
    address = (settings.smtp_host, settings.smtp_port)
    context = ssl.create_default_context()
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(*address, timeout=_SECONDS, context=context)
    else:
        server = smtplib.SMTP(*address, timeout=_SECONDS)
    try:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
    except BaseException:
        server.close()
        raise
    return server
