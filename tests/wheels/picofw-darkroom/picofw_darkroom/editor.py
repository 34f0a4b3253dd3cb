"""Edits at the Darkroom service: one request in, one picture out."""

import base64
import os
from typing import Annotated, Any

import aiohttp
from pydantic import Field

from picofw import providers
from picofw.errors import ConfigError, Fatal, InvalidOutput, ProviderError, RateLimited, Refused, Transient
from picofw.providers import Images, Operational
from picofw.types import EditRequest, EditResult, Request, Usage


class Darkroom(providers.Editor):
    class Options(providers.Options):
        model: str = "silver-2"
        contrast: float = Field(default=0.5, ge=0, le=1)
        base_url: Annotated[str, Operational()] = "https://api.darkroom.example"
        api_key_env: Annotated[str, Operational()] = "DARKROOM_API_KEY"
        timeout_s: Annotated[float, Operational(), Field(gt=0)] = 60.0

    capabilities = providers.Capabilities(concurrency=16)
    client: aiohttp.ClientSession | None = None

    @property
    def limit_key(self) -> str:
        return f"darkroom:{self.options.api_key_env}"

    async def aopen(self, images: Images) -> None:
        await super().aopen(images)
        key = os.environ.get(self.options.api_key_env)
        if not key:
            raise ConfigError(f"set the environment variable {self.options.api_key_env} to a key of Darkroom")
        timeout = aiohttp.ClientTimeout(total=self.options.timeout_s)
        self.client = aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}, timeout=timeout)

    async def aclose(self) -> None:
        if self.client is not None:
            await self.client.close()
            self.client = None

    def estimate(self, request: Request) -> Usage:
        return Usage(images=1)

    async def edit(self, request: EditRequest) -> EditResult:
        photo = await self.images.read(request.image)
        order = {
            "model": self.model,
            "photo": base64.b64encode(photo).decode(),
            "wish": request.instruction,
            "contrast": self.options.contrast,
            "seed": request.seed,
        }
        try:
            async with self.client.post(f"{self.options.base_url}/v1/develop", json=order) as answer:
                if answer.status != 200:
                    raise _error(answer.status, dict(answer.headers), await answer.text())
                said = await answer.json()
        except aiohttp.ClientConnectorError as error:
            raise Transient(f"Darkroom cannot be reached: {error}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Transient(f"Darkroom broke off: {type(error).__name__}", maybe_billed=True) from error
        usage = Usage(images=said["sheets"])
        if not said.get("print"):
            raise InvalidOutput("Darkroom sent no picture", usage=usage, raw=said)
        raw = {name: value for name, value in said.items() if name != "print"}
        return EditResult(image=base64.b64decode(said["print"]), model=said["model"], usage=usage, raw=raw)


def _error(status: int, headers: dict[str, Any], text: str) -> ProviderError:
    message = f"Darkroom says {status}: {text[:200]}"
    if status == 429:
        return RateLimited(message, retry_after=float(headers.get("Retry-After", 1)))
    if status == 422:
        return Refused(message)
    return Transient(message) if status >= 500 else Fatal(message)
