"""The judge."""

from __future__ import annotations

from typing import ClassVar, cast

from picofw.errors import InvalidOutput
from picofw.hosted.asking import Question, ask_verdict, read_verdict
from picofw.providers import Capabilities, Judge, Options
from picofw.types import JudgeRequest, JudgeResult, Request

from . import wire
from .client import Json
from .options import JudgeOptions
from .provider import ChatProvider, chat_provenance


class OpenAIJudge(ChatProvider, Judge):
    """Scores edits."""

    Options: ClassVar[type[Options]] = JudgeOptions
    options: JudgeOptions
    capabilities = Capabilities(swaps=True)

    async def judge(self, request: JudgeRequest) -> JudgeResult:
        """Score one edit on each criterion of the request.

        Args:
            request: The images before and after, the instruction and the questions.
        """
        return cast("JudgeResult", await self.ask(request))

    def question(self, request: JudgeRequest) -> Question:
        """Return a request in words.

        Args:
            request: The request.
        """
        return ask_verdict(request, self.options.prompts)

    def result(self, request: Request, reply: Json) -> JudgeResult:
        """Return the verdict that a reply is.

        Args:
            request: What was asked.
            reply: What came back.
        """
        try:
            scores, rationale = read_verdict(wire.chat_text(reply), cast("JudgeRequest", request).criteria)
        except ValueError as error:
            raise wire.failed(InvalidOutput, str(error), reply) from error
        return JudgeResult(scores=scores, rationale=rationale, **chat_provenance(reply))
