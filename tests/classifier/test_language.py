import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier import language
from classifier.language import foreign

SEED = Path(__file__).parents[2] / "training_data" / "seed"
FOREIGN = [
    ("de", "Das ist ein sehr guter Artikel, vielen Dank dafür."),
    ("de", "Ich finde, die Regierung hat hier völlig versagt und keiner will es zugeben."),
    ("fr", "Merci beaucoup pour cet article, je l'ai partagé avec mes amis."),
    ("fr", "Je ne suis pas d'accord avec vous, la situation est bien pire."),
    ("es", "Muchas gracias por el artículo, lo he compartido con mi familia."),
    ("es", "No estoy de acuerdo, la guerra no la ha empezado el pueblo."),
    ("it", "Grazie mille per questo articolo, molto interessante davvero."),
    ("it", "Non sono d'accordo con quello che hai scritto ieri sera."),
    ("pt", "Muito obrigado pelo artigo, partilhei com os meus amigos."),
    ("pt", "Não concordo com o que o senhor escreveu sobre a guerra."),
    ("nl", "Bedankt voor dit goede artikel, ik heb het gedeeld met mijn vrienden."),
    ("nl", "Ik ben het niet eens met wat je schrijft over de oorlog."),
    ("pl", "Bardzo dziękuję za ten artykuł, podzieliłem się nim z rodziną."),
    ("pl", "Nie zgadzam się z tym co pan napisał o wojnie"),
    ("sv", "Tack så mycket för den här artikeln, jag har delat den."),
    ("sv", "Jag håller inte med om det du skrev om kriget igår."),
    ("no", "Tusen takk for denne artikkelen, jeg har delt den med vennene mine."),
    ("fi", "Kiitos paljon tästä artikkelista, jaoin sen ystävilleni eilen illalla."),
    ("cs", "Děkuji moc za tento článek, sdílel jsem ho s přáteli."),
    ("hu", "Nagyon köszönöm ezt a cikket, megosztottam a barátaimmal is."),
    ("ro", "Mulțumesc mult pentru acest articol, l-am trimis și prietenilor mei."),
    ("tr", "Bu makale için çok teşekkür ederim, arkadaşlarımla paylaştım."),
    ("id", "Terima kasih banyak untuk artikel ini, saya sudah membagikannya kepada teman."),
    ("vi", "Cảm ơn bạn rất nhiều vì bài viết này, tôi đã chia sẻ."),
    ("ca", "Moltes gràcies per aquest article, l'he compartit amb els meus amics."),
    ("tl", "Maraming salamat po sa artikulong ito, ibinahagi ko na sa mga kaibigan ko."),
    ("sw", "Asante sana kwa makala hii, nimeshiriki na marafiki zangu wote."),
    ("Cyrl", "Большое спасибо за эту статью, поделился с друзьями."),
    ("Cyrl", "Дякую за статтю, дуже цікаво"),
    ("Arab", "شكرا جزيلا على هذا المقال الرائع"),
    ("Hebr", "תודה רבה על המאמר הזה"),
    ("Grek", "Ευχαριστώ πολύ για το άρθρο"),
    ("Hani", "非常感谢这篇文章，写得很好"),
    ("Jpan", "この記事をありがとうございます、とても良かったです"),
    ("Kore", "이 기사 정말 감사합니다 잘 읽었습니다"),
    ("Deva", "इस लेख के लिए बहुत बहुत धन्यवाद"),
    ("Thai", "ขอบคุณมากสำหรับบทความนี้"),
]
UNTOLD = [
    "",
    "ok",
    "Danke!",
    "Vielen Dank",
    "спасибо",
    "👍👍👍",
    "c'est la vie",
    "https://www.example.de/artikel/der-grosse-krieg-und-seine-folgen",
    "import numpy as np; print(np.zeros(4)); def foo(self, x): return x",
    "sudo apt-get install nginx && systemctl restart nginx",
    "hahaha hahaha hahaha hahaha hahaha",
    "omg lmao wtf bro xd lol kek",
    "José García Fernández, Volodymyr Zelenskyy, Emmanuel Macron, Ursula von der Leyen",
    "Dnipro, Kharkiv, Kryvyi Rih, Zaporizhzhia, Mykolaiv, Odesa",
    "the word schadenfreude, as in „Schadenfreude ist die schönste Freude“, has no English twin",
    "тhеy аrе vеrmin and they should go",
    "\ud800\x00",
]


@pytest.mark.parametrize(("code", "text"), FOREIGN)
def test_it_knows_a_language_that_is_not_learnt(code, text):
    assert foreign(text) == code


@pytest.mark.parametrize("text", UNTOLD, ids=ascii)
def test_it_does_not_guess(text):
    assert foreign(text) == ""


def test_it_calls_shouting_by_its_language():
    assert foreign("DAS IST DOCH ALLES GELOGEN WAS IHR HIER SCHREIBT") == "de"


@pytest.mark.parametrize("name", ["war_news", "hostile_but_human", "implicit_obfuscated", "migration"])
def test_it_never_takes_english_for_another(name):
    lines = (SEED / f"{name}.jsonl").read_text("utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if "foreign" not in row["slice"] and row["text"].isascii()]
    assert len(rows) > 150
    assert [row["text"] for row in rows if foreign(row["text"])] == []


@given(st.text(max_size=300))
def test_it_stands_any_text(text):
    assert len(foreign(text)) in (0, 2, 4)


def test_it_is_loaded_once_however_many_threads_ask(monkeypatch):
    loads, goes_on, real = [], threading.Event(), language._identifier

    @cache
    def load():
        loads.append(1)
        assert goes_on.wait(60)
        return real()

    monkeypatch.setattr(language, "_identifier", load)
    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(foreign, FOREIGN[0][1]) for _ in range(4)]
        while not (loads and all(one.running() for one in found)):
            time.sleep(0.001)
        goes_on.set()
    assert len(loads) == 1
    assert {one.result() for one in found} == {"de"}
