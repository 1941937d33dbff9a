"""What a server may be like: its name, address, headers and certificate authority."""

from __future__ import annotations

import pytest

from vibes import errors
from vibes.errors import ConfigError
from vibes.settings import server_config, without_credentials

URL = "http://127.0.0.1:8188"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"url": "ftp://anna:geheim@there"}, "url: an address as in http://"),
        ({"url": "file:///etc/passwd"}, "url: an address as in http://"),
        ({"url": "there:8188"}, "write http://there:8188"),
        ({"url": "anna:geheim@there"}, "an address as in http://"),
        ({"url": "http://anna:geheim@there:99999"}, "an address as in http://"),
        ({"url": "http://there/?x=geheim"}, "before any ? or #"),
        ({"url": "http://" + "x" * 5000}, "an address as in http://"),
        ({"name": "a b"}, "only letters, digits"),
        ({"name": "third\n"}, "only letters, digits"),
        ({"name": ""}, "name: at least 1 character"),
        ({"headers": {"X-Key": "a", "x-key": "geheim"}}, "x-key is given twice"),
        ({"headers": {"X-Key": "geheim\r\nHost: evil"}}, "line break"),
        ({"headers": {"X-Key": "geheim\x00"}}, "line break"),
        ({"headers": {"X Key": "geheim"}}, "'X Key' is no name of a header"),
        ({"headers": {"": "geheim"}}, "'' is no name of a header"),
        ({"headers": {"X-Key": 1234}}, "headers.X-Key: text is expected."),
        ({"ca_file": "/nowhere/ca.pem"}, "ca_file: /nowhere/ca.pem cannot be used: there is no"),
        ({"ca_file": "/dev/zero"}, "it is no file"),
        ({"ca_file": errors.__file__}, "holds no certificate in PEM format"),
        ({"ulr": URL}, "did you mean 'url'?"),
    ],
)
def test_what_can_never_work_is_one_sentence_without_secrets(fields, told):
    with pytest.raises(ConfigError) as caught:
        server_config(**{"name": "third", "url": URL, **fields})
    sentence = str(caught.value)
    assert told in sentence
    assert sentence.endswith((".", "?"))
    assert "\n" not in sentence
    assert len(sentence) < 400
    for secret in ("geheim", "1234", "anna"):
        assert secret not in sentence
        assert secret not in str(caught.value.__cause__)


def test_a_certificate_authority_is_found_from_everywhere(tmp_path, monkeypatch):
    (tmp_path / "ca.pem").write_text(AUTHORITY)
    monkeypatch.chdir(tmp_path)
    server = server_config(name="third", url="https://there", ca_file="ca.pem")
    assert server.ca_file == tmp_path / "ca.pem"


def test_a_server_shows_neither_password_nor_headers():
    server = server_config(
        name="third", url="http://anna:geheim@there:8188/comfy/", headers={"X-Key": "s3cr3t"}
    )
    assert server.shown_url == "http://there:8188/comfy"
    assert "geheim" not in repr(server)
    assert "s3cr3t" not in repr(server)
    assert (
        without_credentials("a http://u:p@b c https://d@e/f?g@h") == "a http://b c https://e/f?g@h"
    )


AUTHORITY = """\
-----BEGIN CERTIFICATE-----
MIIBijCCAS+gAwIBAgIUJXO30Fwli0nY10NAwtXEsGNzeLEwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOVGVzdCBhdXRob3JpdHkwIBcNMjYxMTIxMDYzNjI3WhgPMjEy
NjEwMjgwNjM2MjdaMBkxFzAVBgNVBAMMDlRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAE1j6Ixc5BlrQfhijN+lywQcxkyZxgdzBxKwFTgCOp
tdD0SB8dgYw2nL4IUOkk04pPkpE/2rZwtbXL16ol5Dogn6NTMFEwHQYDVR0OBBYE
FCaZu0oBQS2PmHBWBT2pvR17+ZwaMB8GA1UdIwQYMBaAFCaZu0oBQS2PmHBWBT2p
vR17+ZwaMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAO3qHatg
cHJ2CPja3zr2aT42t16VzBLjT4WXdSvHHahRAiEA4gPG5YFHbpcN4aAlmBPCZXiQ
a3WOJdy8CnSnQJuOk30=
-----END CERTIFICATE-----
"""
"""An authority made for this test; its key was thrown away."""
