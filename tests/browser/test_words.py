"""The glossary's words for pages are read as they are meant."""

from browser.judging import never


def test_the_glossarys_table_forbids_whole_words_as_they_are_written() -> None:
    for said in ("Invalid e-mail", "3 item(s) left", "OK", "the realm", "HTTP 500"):
        assert never().search(said), said
    for said in ("Token", "Nothing has tax", "3 items"):
        assert not never().search(said), said
