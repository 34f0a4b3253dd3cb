"""Serving a review until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable

from aiohttp import web

from picofw.errors import ConfigError
from picofw.review.access import token_of
from picofw.review.cards import public_id
from picofw.review.server import make_app
from picofw.review.study import Study
from picofw.workspace import Workspace

__all__ = ["serve"]


def serve(study: Study, workspace: Workspace, run: str, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve a review until Ctrl-C or SIGTERM; answers under way are committed first.

    Args:
        study: What is asked.
        workspace: Where the run is; it is closed at the end.
        run: The run's name.
        host: Address to listen on.
        port: Port to listen on; 0: any that is free.
        say: Is told the link, once it can be opened.

    Raises:
        ConfigError: Nobody can listen there.
    """
    asyncio.run(_serve(study, workspace, run, host, port, say))


async def _serve(
    study: Study, workspace: Workspace, run: str, host: str, port: int, say: Callable[[str], None]
) -> None:
    token = token_of(workspace.folder(run))
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(workspace.aclose)
        runner = web.AppRunner(
            make_app(study, token, f"picofw_review_{public_id(run)[:8]}"), access_log=None, shutdown_timeout=5
        )
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except (OSError, OverflowError) as error:
            raise ConfigError(
                f"{host}:{port} cannot be listened on ({error}): choose another --host or --port"
            ) from error
        what = "edits" if study.mode == "rate" else "pairs"
        say(f"{len(study.order)} {what} of run {run} are to be reviewed. Open this link; Ctrl-C ends it:")
        say(f"http://{_name(*runner.addresses[0][:2])}/?token={token}")
        await ended.wait()


def _name(host: str, port: int) -> str:
    """Return how a browser is to call an address; one that stands for all is called by this machine's name."""
    if host in ("0.0.0.0", "::"):  # noqa: S104  # compared, not bound
        host = socket.gethostname()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
