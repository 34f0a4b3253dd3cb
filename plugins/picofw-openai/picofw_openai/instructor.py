"""The instructor."""

from __future__ import annotations

from typing import ClassVar, cast

from picofw.errors import InvalidOutput
from picofw.hosted.asking import Question, ask_instruction, read_instruction
from picofw.providers import Capabilities, Instructor, Options
from picofw.types import InstructRequest, InstructResult, Request

from . import wire
from .client import Json
from .options import InstructorOptions
from .provider import ChatProvider, chat_provenance


class OpenAIInstructor(ChatProvider, Instructor):
    """Writes instructions."""

    Options: ClassVar[type[Options]] = InstructorOptions
    options: InstructorOptions
    capabilities = Capabilities(regions=True)

    async def instruct(self, request: InstructRequest) -> InstructResult:
        """Write one instruction.

        Args:
            request: What to write about, and how.
        """
        return cast("InstructResult", await self.ask(request))

    def question(self, request: InstructRequest) -> Question:
        """Return a request in words.

        Args:
            request: The request.
        """
        return ask_instruction(request, self.options.prompts, self.options.demonstrations)

    def result(self, request: Request, reply: Json) -> InstructResult:
        """Return the instruction that a reply is.

        Args:
            request: What was asked.
            reply: What came back.
        """
        try:
            instruction, state = read_instruction(wire.chat_text(reply))
        except ValueError as error:
            raise wire.failed(InvalidOutput, str(error), reply) from error
        return InstructResult(text=instruction, state=state, **chat_provenance(reply))
