"""Mail through the person's own server (SMTP). Blocks; call it in a thread."""

import smtplib
import ssl
from email.message import EmailMessage

from zotui.config import MailConfig
from zotui.errors import UsageError, ZotuiError
from zotui.secret import Secret
from zotui.text import one_line

LIMIT_S = 30.0


def mail(config: MailConfig, password: Secret | None, to: str, subject: str, text: str) -> None:
    """Send a text. Raises UsageError where no server is set, ZotuiError with what the server said."""
    if not config.host or not (config.sender or config.user):
        raise UsageError("no mail server is set", "[mail] in config.toml: host, sender, user")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = config.sender or config.user, to, one_line(subject, 200)
    message.set_content(text)
    try:
        with _server(config) as server:
            if config.user and password is not None:
                server.login(config.user, password.reveal())
            server.send_message(message)
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        raise ZotuiError(f"{config.host} refused the mail ({error.smtp_code}): {one_line(str(said), 200)}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise ZotuiError(f"{config.host}:{config.port}: {one_line(str(error), 200)}") from None


def _server(config: MailConfig) -> smtplib.SMTP:
    if config.tls == "tls":
        return smtplib.SMTP_SSL(config.host, config.port, timeout=LIMIT_S, context=ssl.create_default_context())
    server = smtplib.SMTP(config.host, config.port, timeout=LIMIT_S)
    if config.tls == "starttls":
        server.starttls(context=ssl.create_default_context())
    return server
