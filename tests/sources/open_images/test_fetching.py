"""Pixels: from this machine, the web and a bucket; turned as the index says; and what was listed is checked."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io

import pytest
from open_images_files import photo, photo_id
from PIL import Image
from sources.serving import LOCAL, PHOTO, s3_server, serving

from picofw.errors import SourceError
from picofw.providers import Source
from picofw.testing.contract import SourceContract
from picofw.types import Photo

A, B = photo_id("a"), photo_id("b")
MD5 = base64.b64encode(hashlib.md5(PHOTO).digest()).decode()
S3_NOISE = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")  # moto's and s3fs' own


def corners(data: bytes) -> str:
    """The colours in the corners, clockwise from the left upper one."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    places = [(4, 4), (image.width - 5, 4), (image.width - 5, image.height - 5), (4, image.height - 5)]
    return "".join("rgb"[max(range(3), key=image.getpixel(place).__getitem__)] for place in places)


def picture(orientation: int | None = None) -> bytes:
    """A JPEG that is red on the left and, on the right, green above and blue below; of 96 x 64 pixels."""
    image, out = Image.new("RGB", (96, 64), "red"), io.BytesIO()
    image.paste("lime", (48, 0, 96, 32))
    image.paste("blue", (48, 32, 96, 64))
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    image.save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


async def fetch(source: Source, photo: Photo) -> bytes:
    await source.aopen()
    try:
        return await source.fetch(photo)
    finally:
        await source.aclose()


def fetched(archive, data: bytes, **row: object) -> bytes:
    """Fetch a photo that lies on this machine."""
    (archive.folder / "p").mkdir(exist_ok=True)
    (archive.folder / "p" / f"{A}.jpg").write_bytes(data)
    archive.write(index=[photo(A, **row)])
    source = archive.source(images=str(archive.folder / "p"))
    (found,) = source.photos()
    return asyncio.run(fetch(source, found))


@pytest.mark.parametrize(
    ("rotation", "orientation", "seen", "size"),
    [
        ("0", None, "rgbr", (96, 64)),
        ("90", None, "gbrr", (64, 96)),
        ("180", None, "brrg", (96, 64)),
        ("270", None, "rrgb", (64, 96)),
        ("90", 6, "gbrr", (64, 96)),  # the index wins over EXIF, which says the contrary
        ("0", 3, "rgbr", (96, 64)),
    ],
)
def test_a_photo_is_turned_counterclockwise_as_the_index_says_whatever_exif_says(
    archive, rotation, orientation, seen, size
):
    data = fetched(archive, picture(orientation), Rotation=rotation)
    turned = Image.open(io.BytesIO(data))
    assert (corners(data), turned.size, turned.getexif().get(0x0112, 1)) == (seen, size, 1)


def test_where_nothing_is_to_be_turned_the_bytes_stay_as_they_are(archive):
    assert fetched(archive, picture(), Rotation="0") == picture()
    assert fetched(archive, picture(6), Rotation="") == picture(6)  # left to EXIF


def test_a_photo_that_is_cut_off_or_gone_is_told(archive):
    with pytest.raises(SourceError, match=rf"{A}\.jpg: not a whole jpeg image"):
        fetched(archive, picture()[:-400], Rotation="90")
    source = archive.source(images=str(archive.folder / "p"))
    (found,) = source.photos()
    (archive.folder / "p" / f"{A}.jpg").unlink()
    with pytest.raises(SourceError, match=r"jpg: No such file"):
        asyncio.run(fetch(source, found))


def test_only_photos_that_are_on_this_machine_are_drawn(archive):
    fetched(archive, picture())
    archive.write(index=[photo(A), photo(B)])
    assert archive.ids(images=str(archive.folder / "p")) == [A]


async def test_originals_are_fetched_from_their_addresses_and_held_against_size_and_md5(archive):
    async with serving() as site:
        rows = {
            "right": photo(A, OriginalURL=f"{site.url}/photo/1_o.jpg", OriginalMD5=MD5, OriginalSize=len(PHOTO)),
            "size": photo(A, OriginalURL=f"{site.url}/photo/2_o.jpg", OriginalMD5=MD5, OriginalSize=7),
            "md5": photo(A, OriginalURL=f"{site.url}/photo/3_o.jpg", OriginalSize=len(PHOTO)),
            "gone": photo(A, OriginalURL=f"{site.url}/status/404"),
            "stalls": photo(A, OriginalURL=f"{site.url}/stalls"),
            "file": photo(A, OriginalURL="file:///etc/passwd"),
            "unknown": photo(A, OriginalURL=f"{site.url}/photo/4_o.jpg", OriginalMD5="", OriginalSize=""),
        }
        outcomes = {}
        for name, row in rows.items():
            archive.write(index=[row])
            source = archive.source(images="original", remote=LOCAL.model_copy(update={"tries": 1}))
            (found,) = source.photos()
            try:
                outcomes[name] = await fetch(source, found)
            except SourceError as error:
                outcomes[name] = str(error).partition(": ")[2]
    assert (outcomes.pop("right"), outcomes.pop("unknown")) == (PHOTO, PHOTO)
    assert outcomes == {
        "size": f"{len(PHOTO)} bytes where 7 were expected",
        "md5": "its MD5 is not 0I1e+mPeJiiu27FBhFVDDA==: it is another file than the one that was listed",
        "gone": "gone (status 404)",
        "stalls": "the server stalled; tried 1 times",
        "file": "only http, https, s3 addresses are fetched",
    }


async def test_no_address_of_the_index_leads_into_a_private_network(archive):
    async with serving() as site:
        archive.write(index=[photo(A, OriginalURL=f"{site.url}/photo")])
        source = archive.source(images="original")
        (found,) = source.photos()
        with pytest.raises(SourceError, match="private"):
            await fetch(source, found)
        assert not site.asked


@S3_NOISE
def test_index_and_photos_may_be_in_a_public_bucket(archive):
    archive.write(index=[photo(A, Subset="validation", Rotation="180")])
    with s3_server({f"validation/{A}.jpg": picture(), "index.csv": (archive.folder / "index.csv").read_bytes()}) as url:
        remote = LOCAL.model_copy(update={"s3_endpoint": url})
        source = archive.source(index="s3://photos/index.csv", images="s3://photos", remote=remote)
        (found,) = source.photos()
        assert found.uri == f"s3://photos/validation/{A}.jpg#rotation=180"
        assert corners(asyncio.run(fetch(source, found))) == "brrg"


class TestContract(SourceContract):
    """What every source keeps to."""

    @pytest.fixture
    def source_options(self, bundled):
        return bundled.options

    @property
    def source_class(self):
        from picofw.sources.open_images.source import OpenImages

        return OpenImages
