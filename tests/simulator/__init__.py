"""Gemini's and OpenAI's APIs on the loopback, for tests, benchmarks and anyone's first try.

The real SDKs talk to it through ``base_url`` alone. It answers as the services do, live and batch: real
images (the decoded input, visibly edited), instructions and scores that fit the request's schema. Faults
are scripted per request, requests per minute can be limited, and a log keeps every call with what was
billed for it and which words came in which role::

    async with Simulator() as simulator:
        simulator.fail("editor", "server_error", "image_safety")  # the next two edits, in this order
        ...  # base_url: simulator.gemini_url or simulator.openai_url
        assert [entry.fault for entry in simulator.log] == ["server_error", "image_safety", None]

From a shell, with ``tests`` on the path (``--help`` lists the faults)::

    PYTHONPATH=tests python -m simulator --port 8099 --latency editor=0.2 --fault-rate 0.02
"""

from simulator.brain import Brain
from simulator.calls import Call, Entry, Message, Tokens
from simulator.limits import RateLimit
from simulator.server import Simulator

__all__ = ["Brain", "Call", "Entry", "Message", "RateLimit", "Simulator", "Tokens"]
