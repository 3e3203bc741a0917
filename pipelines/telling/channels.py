"""The channels: files in the data root, e-mail, and a webhook. Which ones are used, and sending one message.

Belongs here: their settings and how each sends. Does not belong here: what is sent (``pipelines.telling.memory``).

A password and a webhook's address are secrets: each is read from a file, when it is needed, and is in no message of
ours. Nothing is sent in clear to another machine, except a mail to a server that asks for no password.
"""

import json
import os
import smtplib
import ssl
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pipelines import durable
from pipelines.settings import secret
from pipelines.telling.memory import Message
from pipelines.zones import PRIVATE, Zones
from schemas.errors import ForThePerson, NotAsked

ENV_SMTP = "PARITY_TELL_SMTP"
ENV_FROM = "PARITY_TELL_FROM"
ENV_TO = "PARITY_TELL_TO"
ENV_PASSWORD = "PARITY_TELL_PASSWORD_FILE"  # noqa: S105  the name of a setting
ENV_WEBHOOK = "PARITY_TELL_WEBHOOK_FILE"
_MESSAGES = "messages"
FILES, MAIL, WEBHOOK = "files", "e-mail", "webhook"
# A tick of a sensor has a minute for all of them.
_SECONDS = 10
_HERE = ("127.0.0.1", "localhost", "::1")

Send = Callable[[Message], None]


class NotSent(ForThePerson):
    """A channel did not take a message. It says why, without an address or a password."""


def folder(zones: Zones) -> Path:
    """Where messages and the memory of them lie."""
    return zones.centre / "told"


def messages_in(zones: Zones) -> list[Path]:
    """The files of what people were told, the oldest first."""
    return sorted((folder(zones) / _MESSAGES).glob("*.txt"))


def channels(zones: Zones) -> Mapping[str, Send]:
    """Every channel that is set, by name. Each raises NotSent, also if its settings cannot be used."""
    found: dict[str, Send] = {FILES: lambda message: _to_file(message, folder(zones))}
    if any(os.environ.get(name, "").strip() for name in (ENV_SMTP, ENV_FROM, ENV_TO)):
        found[MAIL] = _to_mail
    if os.environ.get(ENV_WEBHOOK, "").strip():
        found[WEBHOOK] = _to_webhook
    return found


def _to_file(message: Message, place: Path) -> None:
    """A file of its own for each message, by time. The same message again is the same file."""
    at = message.at.replace(" ", "T").replace(":", "")
    messages = place / _MESSAGES
    try:
        messages.mkdir(mode=PRIVATE, exist_ok=True)
        durable.write(messages / f"{at}-{message.id}.txt", f"{message.subject()}\n\n{message.body()}")
    except OSError as error:
        raise NotSent(f"The file could not be written: {error.strerror}.") from None


def _to_mail(message: Message) -> None:
    try:
        server, sender, to = _mail_settings()
        password = secret(ENV_PASSWORD) if server.username else ""
    except NotAsked as error:
        raise NotSent(str(error)) from None
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = message.subject(), sender, ", ".join(to)
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body())
    try:
        with _connected(server) as smtp:
            if server.username:
                smtp.login(unquote(server.username), password)
            smtp.send_message(mail)
    except (smtplib.SMTPException, OSError) as error:  # the text of either may quote an address
        raise NotSent(_why("The mail server", error)) from None


def _mail_settings() -> tuple[SplitResult, str, list[str]]:
    """Server, sender and receivers. Raises NotAsked."""
    server = urlsplit(os.environ.get(ENV_SMTP, "").strip())
    if server.scheme not in ("smtp", "smtps") or not server.hostname or server.password:
        raise NotAsked(
            f"{ENV_SMTP} must be such as smtp://server:25 or smtps://user@server:465. The password belongs "
            f"into the file that {ENV_PASSWORD} names."
        )
    sender = os.environ.get(ENV_FROM, "").strip()
    to = [each.strip() for each in os.environ.get(ENV_TO, "").split(",") if each.strip()]
    if not to or not all(_is_address(each) for each in (sender, *to)):
        raise NotAsked(f"{ENV_FROM} must be one mail address, and {ENV_TO} one or more, with commas between them.")
    return server, sender, to


def _connected(server: SplitResult) -> smtplib.SMTP:
    """A connection, encrypted where the server can. With a password it has to be."""
    host, is_tls = str(server.hostname), server.scheme == "smtps"
    context = ssl.create_default_context()
    if is_tls:
        return smtplib.SMTP_SSL(host, server.port or 465, timeout=_SECONDS, context=context)
    smtp = smtplib.SMTP(host, server.port or 25, timeout=_SECONDS)
    try:
        smtp.ehlo()
        if smtp.has_extn("starttls"):
            smtp.starttls(context=context)
        elif server.username:
            raise NotSent("The mail server offers no encryption (STARTTLS), so the password was not sent.")
    except BaseException:
        smtp.close()
        raise
    return smtp


def _is_address(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(name and at and host) and text.isascii() and text.isprintable() and not set(text) & set(' <>,;"')


def _to_webhook(message: Message) -> None:
    """Send a message as JSON. ``text`` has all of it, which chat programs show."""
    try:
        address = secret(ENV_WEBHOOK)
    except NotAsked as error:
        raise NotSent(str(error)) from None
    parts = urlsplit(address)
    if not (parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE))):
        raise NotSent(f"The file that {ENV_WEBHOOK} names must hold an address that begins with https://.")
    body: dict[str, Any] = {
        "id": message.id,
        "status": message.status,
        "cause": message.cause,
        "title": message.title,
        "do": list(message.do),
        "since": message.since,
        "at": message.at,
        "text": f"{message.subject()}\n\n{message.body()}",
    }
    asked = Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST")  # noqa: S310
    try:
        with build_opener(_NoRedirect).open(asked, timeout=_SECONDS):
            pass
    except (URLError, OSError, ValueError) as error:
        raise NotSent(_why("The webhook's server", error)) from None


class _NoRedirect(HTTPRedirectHandler):
    """A message goes where the setting says, and nowhere else."""

    def redirect_request(self, *_args: Any) -> None:
        """No request follows: a redirect is an error."""


def _why(who: str, error: Exception) -> str:
    """What went wrong, by class and number: the text may quote an address."""
    if isinstance(error, HTTPError):
        return f"{who} answers {error.code}."
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"{who} refuses user or password."
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{who} answers {error.smtp_code}."
    inner = error.reason if isinstance(error, URLError) else error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"{who} has a certificate that is not trusted here."
    return f"{who} cannot be reached ({type(inner).__name__})."
