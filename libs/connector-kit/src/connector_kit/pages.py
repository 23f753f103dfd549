"""The pages a connector shows itself: a consent that can't be gone on with, and a choice."""

from collections.abc import Sequence
from html import escape

from contracts.connections import Organisation


def not_valid_page(label: str, back: str) -> str:
    """For a state that is forged, used or too old. Names nothing of the request."""
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>That link is no longer valid</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body>
<main>
<h1>That link is no longer valid</h1>
<p>Nothing was connected and nothing was stored. Start again from the settings of
{escape(label)}.</p>
<p><a href="{escape(back, quote=True)}">Back to {escape(label)} settings</a></p>
</main>
</body>
</html>
"""


def choice_page(
    label: str, question: str, organisations: Sequence[Organisation], *, form_token: str, back: str
) -> str:
    """A button for each organisation that the consent reaches; works without scripts or styles."""
    buttons = "\n".join(
        f'<p><button name="organisation" value="{escape(one.id, quote=True)}">'
        f"{escape(one.name)}</button></p>"
        for one in organisations
    )
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{escape(question)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body>
<main>
<h1>{escape(question)}</h1>
<p>Your {escape(label)} sign-in reaches several organisations. Only the one you choose is connected;
we give up our access to the others.</p>
<form method="post">
<input type="hidden" name="token" value="{escape(form_token, quote=True)}">
{buttons}
</form>
<p><a href="{escape(back, quote=True)}">Cancel: connect nothing</a></p>
</main>
</body>
</html>
"""
