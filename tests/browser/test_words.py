"""The glossary's words for pages are read as they are meant."""

from browser.judging import never


def test_the_glossarys_table_forbids_whole_words_as_they_are_written() -> None:
    for said in ("Invalid e-mail", "3 item(s) left", "OK", "the realm", "HTTP 500", "None"):
        assert never().search(said), said
    for said in ("Token", "None of your invoices has tax".replace("None", "Not one"), "3 items"):
        assert not never().search(said), said
