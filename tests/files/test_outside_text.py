"""What is masked, and what is not: sentences stay as they are."""

import pytest

from vtgdata.files import outside_text

ENVIRONMENT = {
    "EMAIL": "somebody@example.org",
    "GIT_AUTHOR_NAME": "An Author of Files",
    "SSH_AUTH_SOCK": "/",
    "KEYBOARD": "a keyboard",
    "TOKENIZERS_PARALLELISM": "parallelism",
    "HF_TOKEN": "hf_canary5up3rs3cr3t",
    "PIP_INDEX_URL": "https://me:first-canary@a.example/x https://second-canary@b.example/x",
    "http_proxy": "bob:third%20canary@proxy.example:1",
    "BROKEN_MIRROR": "http://bob:fo/urth-canary@mirror.example",
    "SHORT_KEY": "EMPTY",
}
CANARIES = (
    "hf_canary5up3rs3cr3t", "first-canary", "second-canary", "third%20canary", "third canary", "fo/urth-canary",
    "http://anybody:word@host", "https://word@host", "https://host/x?X-Amz-Signature=word", "https://host/?key=word",
    "Authorization: Bearer abcdefghijk1", "Basic Ym9iOndvcmQtMTIzNA==", "hf_" + "aB3" * 11, "AKIA" + "A1" * 8,
)  # fmt: skip
SENTENCES = (
    "somebody@example.org of An Author of Files", "a keyboard, parallelism, EMPTY", "Basic gymnastics",
    "https://youtu.be/aB3_dE-6hIj?t=3", "https://host/x?page=2&v=aB3_dE-6hIj", "sk-learn and hf_checkpoint_of_mine",
    "mail me@host about http://host", "runs/hf_home/token/secret.json", "a / b @ c", "s3://bucket/key",
)  # fmt: skip


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("text", CANARIES)
def test_a_credential_is_masked_wherever_it_stands(text: str) -> None:
    for said in (text, f"it says {text!r}: no", f"({text})"):
        masked = outside_text.masked(said)
        assert outside_text.MASK in masked
        assert "canary" not in masked and "word" not in masked.replace("password", "")


@pytest.mark.parametrize("text", SENTENCES)
def test_a_sentence_stays_as_it_is(text: str) -> None:
    assert outside_text.safe(text) == text
    outside_text.refuse_credentials({"name": text}, "check")


def test_an_address_is_shown_without_what_opens_it() -> None:
    assert outside_text.address(ENVIRONMENT["BROKEN_MIRROR"]) == "http://mirror.example"


def test_the_joiners_of_scripts_stay_and_marks_of_direction_are_shown() -> None:
    assert (
        outside_text.shown("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645")
        == "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    )
    assert outside_text.shown("a\u202eb\u200f\ufeff\u2067\U000e0041") == "a\\u202eb\\u200f\\ufeff\\u2067\\U000e0041"


def test_json_keeps_its_values() -> None:
    import msgspec

    value = {"a\x9b": "\x1b[2J\u202e\x7f\U000e0041", "b": [1, None, "caf\u00e9"]}
    line = outside_text.json_line(value)
    assert msgspec.json.decode(line) == value and not set(line) & set("\x1b\x9b\u202e\x7f\U000e0041")
