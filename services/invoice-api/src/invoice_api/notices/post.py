"""Mail out, by SMTP: each at most once."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage

from messaging.database import Database
from telemetry.logs import get_logger

from invoice_api.notices import mail_store
from invoice_api.notices.mail_store import Mail
from invoice_api.settings import Settings

_LOG = get_logger(__name__)
_TRIES = 8
_SECONDS = 20
_UNCONFIRMED = "the mail server didn't confirm it; it may have arrived"


class NotTakenError(Exception):
    """The server surely hasn't taken the mail: it may be tried again. Says why as a person does."""


@dataclass(frozen=True)
class Post:
    """Sends the mail that is due, by the settings' server."""

    database: Database
    settings: Settings

    async def send_due(self) -> int:
        """How many were sent. One that may have been taken is never sent again."""
        async with self.database.transaction() as tx:
            for lost in await mail_store.abandoned(tx):
                await mail_store.mail_ended(tx, lost, "given_up", _UNCONFIRMED)
        sent = 0
        while True:
            async with self.database.transaction() as tx:
                mail = await mail_store.take_mail(tx)
            if mail is None:
                return sent
            sent += await self._send(mail)

    async def _send(self, mail: Mail) -> bool:
        try:
            message = message_of(self.settings, mail)
        except ValueError as error:
            _LOG.warning("mail_not_writable", mail=str(mail.id), error=str(error))
            return await self._give_up(mail, "nothing can be written to this address")
        try:
            await asyncio.to_thread(deliver, self.settings, message)
        except NotTakenError as error:
            cause = type(error.__cause__).__name__
            _LOG.warning("mail_not_taken", mail=str(mail.id), tries=mail.tries, error=cause)
            if mail.tries >= _TRIES:
                return await self._give_up(mail, str(error))
            async with self.database.transaction() as tx:
                after = timedelta(minutes=2**mail.tries)
                await mail_store.mail_goes_later(tx, mail.id, str(error), after)
            return False
        except (OSError, smtplib.SMTPException) as error:
            _LOG.warning("mail_unanswered", mail=str(mail.id), error=type(error).__name__)
            return await self._give_up(mail, _UNCONFIRMED)
        async with self.database.transaction() as tx:
            await mail_store.mail_ended(tx, mail.id, "sent")
        return True

    async def _give_up(self, mail: Mail, why: str) -> bool:
        async with self.database.transaction() as tx:
            await mail_store.mail_ended(tx, mail.id, "given_up", why)
        return False


def message_of(settings: Settings, mail: Mail) -> EmailMessage:
    """The mail as it goes. Raises ValueError for an address that is none."""
    message = EmailMessage()
    message["From"] = settings.smtp_from
    message["To"] = mail.address
    message["Subject"] = mail.subject
    message["Message-ID"] = f"<{mail.id}@tallybridge>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    return message


def deliver(settings: Settings, message: EmailMessage) -> None:
    """Hand the mail over. Raises NotTakenError, or whatever leaves it open whether it was taken."""
    try:
        server = _connected(settings)
    except (OSError, smtplib.SMTPException) as error:
        raise NotTakenError(_why(error)) from error
    with server:
        try:
            server.send_message(message)
        except (
            smtplib.SMTPResponseException,
            smtplib.SMTPRecipientsRefused,
            smtplib.SMTPNotSupportedError,
        ) as error:
            # The server said no: it has nothing.
            raise NotTakenError(_why(error)) from error


def _why(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return "the mail server isn't who it says it is"
        case smtplib.SMTPAuthenticationError():
            return "the mail server doesn't accept our log-in"
        case smtplib.SMTPRecipientsRefused():
            return "the mail server takes no mail for this address"
        case smtplib.SMTPNotSupportedError():
            return "the mail server can't do what is asked of it, such as encryption"
        case smtplib.SMTPResponseException():
            return "the mail server didn't take it"
        case _:
            return "the mail server can't be reached"


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
