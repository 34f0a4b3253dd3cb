import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest
from picofw_darkroom.editor import Darkroom, _error

from picofw.errors import RateLimited, Refused, Transient
from picofw.testing.contract import EditorContract


@pytest.fixture(scope="module")
def service():
    script = Path(__file__).with_name("darkroom_service.py")
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as process:
        yield process.stdout.readline().strip()
        process.terminate()


class TestDarkroom(EditorContract):
    provider_class = Darkroom
    other_options: ClassVar = {"model": "silver-1", "contrast": 0.9, "base_url": "http://127.0.0.1:1", "timeout_s": 5.0}
    bad_options: ClassVar = {"contrast": 2, "timeout_s": 0}
    failing_options: ClassVar = {"base_url": "http://127.0.0.1:9"}

    @pytest.fixture
    def provider_options(self, service):
        return {"base_url": service}

    @pytest.mark.asyncio
    async def test_what_the_service_will_not_do_is_refused(self, provider_options):
        async with self.opened(provider_options) as provider:
            with pytest.raises(Refused, match="out of sepia"):
                await self.answer(provider, self.request(instruction="Make it sepia."))


def test_the_service_says_when_to_come_back():
    error = _error(429, {"Retry-After": "2.5"}, "")
    assert isinstance(error, RateLimited)
    assert error.retry_after == 2.5
    assert isinstance(_error(503, {}, ""), Transient)
