"""What the simulator can tell of a picture, and what it refuses."""

import base64
import hashlib

import pytest
from codex_glm.simulator.conversation import read_conversation
from codex_glm.simulator.pictures import PictureError, read_picture
from codex_glm.simulator.reply import Script
from codex_glm.simulator.scenarios import load_scenarios

from .samples import body, image, png, text, user

JPEG = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc4\0\x03x\xff\xc2\0\x08\x08\0\x07\0\x05\x01"


def url(content: bytes, kind: str = "image/jpeg") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


@pytest.mark.parametrize("given", [url(JPEG), url(JPEG, "image/jpg"), url(JPEG).partition(",")[2]])
def test_jpeg(given: str) -> None:
    digest = hashlib.sha256(JPEG).hexdigest()[:12]
    words = f"a jpeg of 5 x 7 pixels and {len(JPEG)} bytes, SHA-256 {digest}"
    assert str(read_picture(given)) == words


def test_png() -> None:
    read = read_picture(png(3, 4))
    assert read
    assert (read.kind, read.width, read.height, read.size) == ("png", 3, 4, 24)


def test_nobody_fetches_an_address() -> None:
    assert read_picture("https://example.org/a.png") is None


@pytest.mark.parametrize(
    "given",
    [
        "",
        "http://example.org/a.png",
        "data:image/png,AAAA",
        "data:image/png;base64,A A=",
        "data:image/png;base64,%%",
        url(JPEG, "image/png"),
        url(JPEG, "image/webp"),
        url(JPEG[:16]),
        url(b"GIF89a", "image/png"),
        png(6001),
        png(size=5_300_000),
        png()[:40],
    ],
)
def test_refused(given: str) -> None:
    with pytest.raises(PictureError):
        read_picture(given)


@pytest.mark.parametrize(
    ("content", "images"),
    [
        ([image(png()), text("look")], (str(read_picture(png())),)),
        (
            [image(), image(png(2)), text("look")],
            ("an image at https://example.org/a.png", str(read_picture(png(2)))),
        ),
        ("look", ()),
    ],
)
def test_images_beside_the_prompt(content: object, images: tuple[str, ...]) -> None:
    earlier = user([text("before"), image()])
    reply = {"role": "assistant", "content": "so"}
    read = read_conversation(body(earlier, reply, user(content), model="glm-5.3-flash"))
    assert read.images == images


def test_the_description_is_true_and_says_what_it_is() -> None:
    asked = user([image(png(3, 4)), text("Describe this image for a coding agent that …")])
    read = read_conversation(body(asked, model="glm-5.3-flash"))
    reply = Script(load_scenarios()).reply(read)
    assert reply.text == (
        "[SIMULATOR] Scripted description: no vision model looked at this image. "
        f"It is {read_picture(png(3, 4))}."
    )
