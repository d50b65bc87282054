from __future__ import annotations

import base64
import hashlib
import tomllib
from importlib.resources import files

import pytest
from codex_glm.translation.models import IMAGE_LIMITS
from codex_glm.translation.request.images import read_image
from hypothesis import given
from hypothesis import strategies as st

from ..pictures import data_url, jpeg, png

PNG, JPEG = png(), jpeg()
CUT = jpeg()[:-10]
UNREADABLE, GIVEN = "its data cannot be read", "it is a png"


def test_the_limits_are_those_of_the_reference() -> None:
    table = tomllib.loads(files("codex_glm.translation").joinpath("models.toml").read_text("utf-8"))
    assert table["images"] == {"formats": ["png", "jpeg"], "bytes": 5_000_000, "side": 6000}


@pytest.mark.parametrize(
    "url",
    [
        data_url(PNG),
        data_url(JPEG, "image/jpeg"),
        data_url(JPEG, "image/jpg"),
        data_url(jpeg(6000, 6000, frame=0xC2), "image/jpeg"),
        data_url(png(6000, 1, b"x" * 4_999_900)),
        "https://example.com/a.png?b=c",
        "HTTPS://8.8.8.8/a",
    ],
)
def test_good_images_stay_as_they_are(url: str) -> None:
    assert read_image(url)[1:] == (url, "", "")
    assert read_image(f" {url}\n").url == url


@pytest.mark.parametrize(
    ("given", "url", "repair"),
    [
        (data_url(JPEG), data_url(JPEG, "image/jpeg"), "declared as image/png: it is a jpeg"),
        (data_url(PNG, "image/jpg"), data_url(PNG), "declared as image/jpg: it is a png"),
        (data_url(PNG, ""), data_url(PNG), "declared as nothing: it is a png"),
        (data_url(PNG, "IMAGE/PNG"), data_url(PNG), "its base64: it is a png"),
        (data_url(PNG, "image/png;a=b"), data_url(PNG), "its base64: it is a png"),
        (data_url(PNG).rstrip("="), data_url(PNG), "its base64: it is a png"),
        (data_url(PNG)[:40] + "\n " + data_url(PNG)[40:], data_url(PNG), "its base64: it is a png"),
        (base64.b64encode(PNG).decode(), data_url(PNG), "bare base64: it is a png"),
        (
            f"data:image/png;base64,{base64.urlsafe_b64encode(png(1, 1, b'>>>???~~~')).decode()}",
            data_url(png(1, 1, b">>>???~~~")),
            "its base64: it is a png",
        ),
        (
            "data:image/png," + "".join(f"%{byte:02x}" for byte in PNG),
            data_url(PNG),
            "its base64: it is a png",
        ),
    ],
)
def test_repairs(given: str, url: str, repair: str) -> None:
    image = read_image(given)
    assert (image.url, image.fault, image.repair) == (url, "", repair)
    assert image.id == read_image(url).id


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "it is empty"),
        ("data:", "it is empty"),
        ("data:image/png;base64,", "it is empty"),
        ("data:image/png;base64,%%%", UNREADABLE),
        ("data:image/png;base64,A", UNREADABLE),
        ("data:image/png;base64,ä", UNREADABLE),
        ("data:image/png;base64,\ud800", UNREADABLE),
        ("no base64!", UNREADABLE),
        ("data:text/plain,\ud800", "it is text/plain, and GLM reads png and jpeg: convert it"),
        ("data:,hello", "it is of an unknown kind, and GLM reads png and jpeg: convert it"),
        (data_url(b"GIF89a"), "it is gif, and GLM reads png and jpeg: convert it"),
        (
            data_url(b"RIFF1234WEBPVP8 ", "image/webp"),
            "it is webp, and GLM reads png and jpeg: convert it",
        ),
        (data_url(b"\0\0\0\x20ftypavif"), "it is avif, and GLM reads png and jpeg: convert it"),
        ("data:image/svg+xml,<svg/>", "it is svg, and GLM reads png and jpeg: convert it"),
        (data_url(PNG[:20]), "it is damaged"),
        (data_url(PNG.replace(b"IHDR", b"IDAT")), "it is damaged"),
        (data_url(png(0, 5)), "it is damaged"),
        (data_url(CUT), "it is damaged"),
        (data_url(jpeg(frame=0xC4)), "it is damaged"),
        (data_url(b"\xff\xd8\xff"), "it is damaged"),
        (
            data_url(png(6001, 2)),
            "it has 6001 x 2 pixels, and GLM reads 6000 x 6000: make it smaller",
        ),
        (
            data_url(jpeg(2, 7000), "image/jpeg"),
            "it has 2 x 7000 pixels, and GLM reads 6000 x 6000: make it smaller",
        ),
        (
            data_url(png(more=b"x" * 5_100_000)),
            "it has 5.1 MB, and GLM reads 5 MB: make it smaller",
        ),
        ("http://example.com/a.png", "GLM fetches images from https addresses only"),
        ("file:///home/me/a.png", "GLM fetches images from https addresses only"),
        ("https://", "GLM fetches images from https addresses only"),
        ("https://[", "its address cannot be read"),
        ("https://localhost/a.png", "its address is in a private network"),
        ("https://127.0.0.1/a.png", "its address is in a private network"),
        ("https://192.168.1.2/a.png", "its address is in a private network"),
        ("https://[::1]/a.png", "its address is in a private network"),
        ("https://printer.local/a.png", "its address is in a private network"),
    ],
)
def test_faults(url: str, fault: str) -> None:
    assert read_image(url).fault == fault


def test_the_id_is_that_of_the_content() -> None:
    assert read_image(data_url(PNG)).id == hashlib.sha256(PNG).hexdigest()
    address = "https://example.com/a.png"
    assert read_image(address).id == hashlib.sha256(address.encode()).hexdigest()


texts = st.text(st.characters(codec=None), max_size=60)


@given(texts | texts.map("data:image/png;base64,{}".format) | texts.map("https://{}".format))
def test_any_text_is_read(url: str) -> None:
    image = read_image(url)
    assert len(image.id) == 64
    if not image.fault:
        assert read_image(image.url) == image._replace(repair="")


@given(st.binary(max_size=60).map(lambda tail: b"\xff\xd8\xff" + tail))
def test_any_jpeg_is_measured(content: bytes) -> None:
    image = read_image(data_url(content, "image/jpeg"))
    assert len(content) < IMAGE_LIMITS.bytes
    assert image.fault == "" or image.fault.startswith(("it is damaged", "it has "))
