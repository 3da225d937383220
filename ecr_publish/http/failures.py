"""Failures of a connection in words: what urllib3 and the operating system raise, as errors of ours."""

from __future__ import annotations

import errno
import re
import ssl

from urllib3 import exceptions

from ecr_publish.errors import MachineFault, PublishError, Unavailable

_REFUSED = re.compile(r"Tunnel connection failed: 4")  # http.client, of a proxy's answer to CONNECT
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}


class Cut(Unavailable):
    """The connection was made and then closed or reset before the whole answer came."""


class Final(Unavailable):
    """Asking again does not heal it: the other side is not who it should be, or a proxy does not want us."""

    retryable = False


def connection_failure(error: Exception, where: str) -> PublishError:
    """The error for a failed exchange: Unavailable, Cut, or MachineFault where this machine is exhausted."""
    if (number := _errno(error)) in _EXHAUSTED:
        return MachineFault(
            what=f"this machine has no more connections or memory to give ({errno.errorcode[number]})",
            where=where,
            hint="run fewer things side by side, or raise the limit of open files (`ulimit -n`)",
        )
    match _beneath(error):
        case ssl.SSLCertVerificationError() as refused:
            return Final(
                what=f"its certificate is not trusted: {refused.verify_message}",
                where=where,
                hint="check the host name and the clock; AWS_CA_BUNDLE or SSL_CERT_FILE names further authorities",
            )
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER"):
            return Final(what="it speaks no TLS", where=where, hint="check the port, and what stands between")
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return _cut("it was closed without a word", where)
        case exceptions.ConnectTimeoutError() | exceptions.NewConnectionError():
            what, hint = "no connection can be made", "check the host name, the network and a firewall or VPC endpoint"
        case exceptions.ReadTimeoutError():
            what, hint = "nothing was heard for too long", "look for a stalled proxy or network"
        case exceptions.SSLError() | ssl.SSLError():
            what, hint = f"TLS failed: {error}", "check the clock and the CA certificates of this machine"
        case exceptions.ProxyError():
            kind = Final if _REFUSED.search(words := _words(error)) else Unavailable
            return kind(
                what=f"the proxy does not let us through: {words}", where=where, hint="check HTTPS_PROXY and NO_PROXY"
            )
        case _:
            return _cut(_words(error), where)
    return Unavailable(what=what, where=where, hint=hint)


def _beneath(error: Exception) -> Exception:
    """urllib3 wraps what TLS says; through a proxy twice."""
    inner = error.args[-1] if isinstance(error, exceptions.ProxyError | exceptions.SSLError) and error.args else None
    return _beneath(inner) if isinstance(inner, ssl.SSLError | exceptions.SSLError) else error


def _cut(words: str, where: str) -> Cut:
    return Cut(
        what=f"the connection broke: {words}",
        where=where,
        hint="run again; a proxy that cuts long requests shows like this too",
    )


def _words(error: Exception) -> str:
    """urllib3 wraps the cause: the innermost words are the ones that say something."""
    inner = next((each for each in reversed(error.args) if isinstance(each, Exception)), None)
    return _words(inner) if inner is not None else str(error) or type(error).__name__


def _errno(error: BaseException | None) -> int:
    """The operating system's number behind an error, 0 if there is none."""
    while error is not None:
        if isinstance(error, OSError) and error.errno:
            return error.errno
        inner = next((each for each in error.args if isinstance(each, OSError)), None)
        error = inner if inner is not None and inner is not error else error.__cause__
    return 0
