"""Who may see a review: whoever has its token, from the printed link and afterwards from a cookie."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

__all__ = ["guard", "token_of"]

_NAME = "review-token"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the link holds the token
    "X-Content-Type-Options": "nosniff",
}


def token_of(folder: Path) -> str:
    """Return a run's token; made once, so that pages that are open go on after the server was started again.

    Args:
        folder: The run's folder; the token is in a file there that only its owner may read.
    """
    path = folder / _NAME
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(24))
    return path.read_text()


def guard(token: str, cookie: str) -> Middleware:
    """Return the middleware that lets in who has the token, and says with every answer what a browser may do with it.

    Args:
        token: The secret.
        cookie: The cookie's name, another one for each run: a browser does not tell the ports of a host apart.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.query.get("token")
        shown = request.cookies.get(cookie, "") if given is None else given
        if not hmac.compare_digest(shown.encode(), token.encode()):
            response: web.StreamResponse = web.Response(
                status=403, text="This is not open to you. Open the whole link that `picofw review` printed.\n"
            )
        else:
            response = await _answer(request, handler)
            if given is not None:
                response.set_cookie(cookie, token, httponly=True, samesite="Strict", path="/")
        response.headers.update(_HEADERS)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return check


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:  # an unknown address, or another method
        return web.Response(status=error.status, text=f"{error.reason}\n")
