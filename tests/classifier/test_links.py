import pytest

from classifier.links import registered_domain
from classifier.text import normalise


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("shop.example", "shop.example"),
        ("a.b.shop.example", "shop.example"),
        ("www.bbc.co.uk", "bbc.co.uk"),
        ("go.t.me", "go.t.me"),
        ("news.tagesschau.de", "tagesschau.de"),
        ("cheap-pills.blogspot.com", "cheap-pills.blogspot.com"),
        ("user@host.shop.example:8080", "shop.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        ("...", ""),
        ("", ""),
    ],
)
def test_it_finds_who_registered_a_host(host, domain):
    assert registered_domain(host) == domain


def test_it_leaves_of_an_address_who_registered_it():
    assert normalise("see https://www2.shop.example/a/b?c=1 now").text == "see urllink shop.example now"
