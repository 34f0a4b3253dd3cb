"""Fetching by URL, from servers of this machine that do all that servers do."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import pytest_asyncio
from sources.serving import LOCAL, PHOTO, Site, s3_server, serving

from picofw.errors import SourceError
from picofw.sources import web
from picofw.sources.remote import Fetcher

MD5 = base64.b64encode(hashlib.md5(PHOTO).digest()).decode()


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    async with serving() as running:
        yield running


async def get(url: str, *, size: int | None = None, md5: str = "", span: Any = None, **options: Any) -> bytes:
    async with Fetcher(LOCAL.model_copy(update=options)) as fetcher:
        return await fetcher.get(url, size=size, md5=md5, span=span)


async def why(url: str, **given: Any) -> str:
    with pytest.raises(SourceError) as found:
        await get(url, **given)
    message = str(found.value)
    assert "\n" not in message
    assert message.startswith(f"{url}: ")
    return message.removeprefix(f"{url}: ")


async def test_a_photo_is_fetched_and_what_was_listed_is_checked(site):
    assert await get(f"{site.url}/photo", size=len(PHOTO), md5=MD5) == PHOTO
    other = base64.b64encode(bytes(16)).decode()
    assert await why(f"{site.url}/photo", size=7) == f"{len(PHOTO)} bytes where 7 were expected"
    assert (await why(f"{site.url}/photo", md5=other)).startswith(f"its MD5 is not {other}")
    assert site.asked["/photo"] == 3


@pytest.mark.parametrize("path", ["/photo", "/without-ranges"])
async def test_a_part_is_a_part_whether_or_not_the_server_knows_ranges(site, path):
    assert await get(f"{site.url}{path}", span=(1000, 33_000)) == PHOTO[1000:34_000]
    assert "bytes where 50 were expected" in await why(f"{site.url}{path}", span=(len(PHOTO) - 9, 50))


@pytest.mark.parametrize("status", [404, 410])
async def test_what_is_gone_is_gone_at_once(site, status):
    assert await why(f"{site.url}/status/{status}") == f"gone (status {status})"
    assert site.asked[f"/status/{status}"] == 1


async def test_what_is_refused_is_not_asked_for_again(site):
    assert await why(f"{site.url}/status/403") == "refused (status 403)"
    assert site.asked["/status/403"] == 1


async def test_a_fault_that_passes_is_waited_for(site):
    assert await get(f"{site.url}/flaky") == PHOTO
    assert site.asked["/flaky"] == 3


async def test_a_fault_that_stays_is_told_after_all_tries(site):
    assert await why(f"{site.url}/status/503", tries=3) == "status 503; tried 3 times"
    assert site.asked["/status/503"] == 3


async def test_waits_double(site, monkeypatch):
    waits: list[float] = []
    real = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: (waits.append(seconds), real(0))[1])
    await why(f"{site.url}/status/503", tries=4, wait_s=10, max_wait_s=25)
    first, second, third = waits
    assert 5 <= first <= 15
    assert second == 2 * first or second == 25
    assert third == 25 or third == 4 * first


async def test_a_server_that_says_how_long_to_wait_is_waited_for_so_long(site):
    started = time.monotonic()
    assert await get(f"{site.url}/busy/1", wait_s=30) == PHOTO
    assert time.monotonic() - started >= 1
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    assert await get(f"{site.url}/busy/{soon}", wait_s=30) == PHOTO


async def test_a_server_that_asks_for_too_long_a_wait_is_given_up(site):
    assert await why(f"{site.url}/busy/3600") == "status 429; the server asks to wait 3600 s"
    assert site.asked["/busy/3600"] == 1


async def test_a_server_that_stalls_is_given_up(site):
    assert await why(f"{site.url}/stalls", tries=2) == "the server stalled; tried 2 times"


async def test_a_server_that_drips_is_given_up(site):
    assert await why(f"{site.url}/drips", tries=2, timeout_s=0.4) == "not done after 0.4 s; tried 2 times"


async def test_a_body_that_is_cut_short_is_asked_for_again(site):
    assert "tried 2 times" in await why(f"{site.url}/cut", tries=2)
    assert site.asked["/cut"] == 2


async def test_more_than_the_limit_is_not_read(site):
    assert "at most 0.01 MB are read" in await why(f"{site.url}/photo", max_mb=0.01)
    assert "at most 1 MB are read" in await why(f"{site.url}/endless", max_mb=1)
    assert site.asked["/endless"] == 1


async def test_something_long_has_time_for_each_part_and_replaces_what_was_in_the_file(site):
    file = io.BytesIO(b"from before" * 10_000)
    async with Fetcher(LOCAL.model_copy(update={"max_mb": 0.02, "timeout_s": 1})) as fetcher:
        await fetcher.save(f"{site.url}/flaky", file, max_mb=10)
        assert file.getvalue() == PHOTO
        with pytest.raises(SourceError, match=r"at most 1 MB are read"):
            await fetcher.save(f"{site.url}/endless", file, max_mb=1)


async def test_a_server_that_nobody_runs_is_told(site):
    assert "Cannot connect to host 127.0.0.1:1" in await why("http://127.0.0.1:1/x", tries=2)


async def test_no_more_requests_than_allowed_are_under_way(site):
    async with Fetcher(LOCAL.model_copy(update={"concurrency": 3})) as fetcher:
        await asyncio.gather(*(fetcher.get(f"{site.url}/photo/{n}") for n in range(12)))
    assert site.most == 3


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://x/y", "gs://b/k", "photo.jpg", "//host/x", "http://[oops/", "s3photos"]
)
async def test_only_web_and_bucket_addresses_are_fetched(url):
    assert await why(url) == "only http, https, s3 addresses are fetched"


PRIVATE = "it leads to a private address; allow_private=true lets it"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.1.2.3", "0.0.0.0", "0x7f.1"]
)
async def test_private_addresses_are_refused(host):
    assert await why(f"http://{host}:9/latest/meta-data", allow_private=False, tries=1) == PRIVATE


@pytest.mark.parametrize("host", ["2130706433", "127.1"])
async def test_addresses_in_disguise_are_refused(host):
    assert "not a canonical IPv4 address" in await why(f"http://{host}:9/", tries=1)


async def test_a_redirect_is_followed_but_not_to_a_private_address_or_another_scheme(site, monkeypatch):
    assert await get(f"{site.url}/to/{site.url}/photo") == PHOTO
    monkeypatch.setattr(web, "is_public", lambda address: address == "127.0.0.1")  # as if the site were public
    inside = "http://127.0.0.2:80/secret"
    assert await why(f"{site.url}/to/{inside}", allow_private=False) == PRIVATE
    assert "file:///etc/passwd" in await why(f"{site.url}/to/file:///etc/passwd", allow_private=False)
    assert "TooManyRedirects" in await why(f"{site.url}/to/{site.url}/to/?x", allow_private=False)


async def test_a_name_that_comes_to_mean_a_private_address_leads_nowhere(site, monkeypatch):
    """The address that is connected to is what counts, not one that was looked up before."""
    port = int(site.url.rpartition(":")[2])
    loop = asyncio.get_running_loop()
    answers = iter(["93.184.215.14", "127.0.0.1"])

    async def getaddrinfo(host, port, **_: Any) -> list[Any]:
        return [(2, 1, 6, "", (next(answers), port))]

    async def unreachable(*_: Any) -> None:
        raise OSError(101, "no route")

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(loop, "sock_connect", unreachable)
    async with Fetcher(LOCAL.model_copy(update={"allow_private": False, "tries": 1})) as fetcher:
        with pytest.raises(SourceError, match="no route"):
            await fetcher.get(f"http://rebinds.example:{port}/photo")
    assert await why(f"http://rebinds.example:{port}/photo", allow_private=False) == PRIVATE
    assert not site.asked


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with s3_server({"a/cat.jpg": PHOTO}) as address:
        yield address


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")  # moto's own
class TestBuckets:
    @pytest.fixture(autouse=True)
    def _no_keys(self, monkeypatch):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    async def test_an_object_of_a_public_bucket_is_fetched_without_credentials(self, s3):
        assert await get("s3://photos/a/cat.jpg", s3_endpoint=s3, size=len(PHOTO), md5=MD5) == PHOTO
        assert await get("s3://photos/a/cat.jpg", s3_endpoint=s3, span=(10, 99)) == PHOTO[10:109]

    async def test_credentials_come_from_the_environment_or_are_missed(self, s3, monkeypatch):
        url = "s3://photos/a/cat.jpg"
        told = await why(url, s3_endpoint=s3, s3_unsigned=False)
        assert told == "no credentials for S3; a public bucket needs s3_unsigned=true"
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "k")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
        assert await get(url, s3_endpoint=s3, s3_unsigned=False) == PHOTO

    async def test_what_is_not_there_is_gone(self, s3):
        assert await why("s3://photos/nothing.jpg", s3_endpoint=s3) == "gone (status 404)"
        assert await why("s3://no-such-bucket/x", s3_endpoint=s3) == "gone (status 404)"
        assert "Invalid length for parameter Key" in await why("s3://photos", s3_endpoint=s3)
        assert "Invalid bucket name" in await why("s3://evil@host/x", s3_endpoint=s3)

    async def test_too_large_an_object_is_not_read(self, s3):
        assert "at most 0.01 MB are read" in await why("s3://photos/a/cat.jpg", s3_endpoint=s3, max_mb=0.01)

    async def test_a_server_that_fails_is_asked_again(self, site):
        assert await why("s3://status/503", s3_endpoint=site.url, tries=3) == "status 503; tried 3 times"
        assert "tried 2 times" in await why("s3://any/x", s3_endpoint="http://127.0.0.1:1", tries=2)


async def test_closing_twice_and_unopened_is_fine():
    fetcher = Fetcher(LOCAL)
    await fetcher.aclose()
    async with fetcher:
        pass
    await fetcher.aclose()
