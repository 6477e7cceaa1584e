"""Texts kept small: deflated against what nearly all of them share, and readable as they were before."""

from __future__ import annotations

import zlib

# Never changed once data was written with it: another one takes another mark. The likeliest stand last.
_MARK = b"\x01"
_SHARED = (
    '[{"label":"hateful","label":"dehumanising","label":"spam","score":0.,"log_odds":-,"bias":-4.,"sp'
    'ans":[0,2,1,3,1,5,1,4,1,6,1,2,1,7,1,3],"fields":[["author",0.],["links",0.],["long",0.]]}],"at":'
    '17953,"kind":"verdict","site":"blog","item":"0"id":"0"verdict":"reject","reasons":["score:spam"]'
    ',{"verdict":"approve","reasons":[],"scores":{"dehumanising":0.0,"hateful":0.0,"spam":0.0},"model'
    '":"2026-11-22-","policy":1,"lane":null,"severity":0.0,"shadow":null}{"verdict":"hold","reasons":'
    '[{"code":"scorer_error","code":"author:NEW","score":null,"threshold":null,"detail":""},{"code":"'
    'campaign","code":"rule:links","code":"score:dehumanising","code":"score:hateful","code":"score:s'
    'pam","score":0.,"threshold":0.,"detail":""}],"lane":"uncertain","lane":"campaigns","lane":"dehum'
    'anising","lane":"hateful","lane":"spam","severity":0."author_url":"https://www.","user_id":"1","'
    'agent":"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like'
    ' Gecko) Version/18.0 Mobile Safari/604.1"agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Apple'
    'WebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36","agent":"Mozilla/5.0 (X11; Lin'
    'ux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0","kind":"comment","date_gmt":"2026-11-","post_'
    'id":"1","post_title":"The ","permalink":"https://blog.","parent_id":"","parent_text":" because p'
    "eople would about which there their think really should could other after before comment article"
    " with this that have from they will what when your more some than them just like only know good "
    "been were and the of to a in is it for you was on are as be not but his at by we or an so do if "
    '{"site":"blog","comment_id":"1","text":"I the ","author":"","author_key":"","author_shown":"a…@g'
    'mail.com",'
).encode()


def pack(text: str) -> bytes:
    """Return a text in fewer bytes."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS, 8, zlib.Z_DEFAULT_STRATEGY, _SHARED)
    return _MARK + deflate.compress(text.encode()) + deflate.flush()


def unpack(stored: str) -> str:
    """Return a text that was packed, or one from before there was packing."""
    raw = stored.encode("utf-8", "surrogateescape")
    return (
        zlib.decompressobj(-zlib.MAX_WBITS, _SHARED).decompress(raw[1:]).decode()
        if raw[:1] == _MARK
        else stored
    )
