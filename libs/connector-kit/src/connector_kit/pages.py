"""The pages a connector shows itself: a consent that can't be gone on with, and a choice."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape

from contracts.connections import Organisation

_STYLE = """
:root { color-scheme: light dark; --text: #182433; --muted: #5c6673; --back: #f6f8fb;
  --card: #fff; --line: #dce1e7; --blue: #066fd1; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ee; --muted: #a3adb9;
  --back: #151f2c; --card: #1b2636; --line: #34445a; --blue: #6cb2f7; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 8vh auto 0; padding: 1.5rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 6px; }
h1 { margin: 0 0 .75rem; font-size: 1.25rem; line-height: 1.3; }
p { margin: 0 0 1rem; color: var(--muted); }
p:last-child { margin-bottom: 0; }
button { display: block; width: 100%; margin: 0 0 .5rem; padding: .75rem 1rem; font: inherit;
  font-weight: 600; text-align: left; overflow-wrap: anywhere; color: var(--text);
  background: var(--card); border: 1px solid var(--line); border-radius: 6px; cursor: pointer; }
button:hover { border-color: var(--blue); }
button:focus-visible, a:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
form { margin: 0 0 1rem; }
a { color: var(--blue); }
"""

_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
STYLE_SOURCE = f"'sha256-{_DIGEST}'"
"""What a policy's `style-src` must name for these pages: their one style, by its hash."""


def not_valid_page(label: str, back: str) -> str:
    """For a state that is forged, used or too old. Names nothing of the request."""
    return _page(
        "That link is no longer valid",
        f"""<p>Nothing was connected and nothing was stored. Start again from the settings of
{escape(label)}.</p>
<p><a href="{escape(back, quote=True)}">Back to {escape(label)} settings</a></p>""",
    )


def choice_page(
    label: str, question: str, organisations: Sequence[Organisation], *, form_token: str, back: str
) -> str:
    """A button for each organisation that the consent reaches; works without scripts or styles."""
    buttons = "\n".join(
        f'<button name="organisation" value="{escape(one.id, quote=True)}">'
        f"{escape(one.name)}</button>"
        for one in organisations
    )
    return _page(
        question,
        f"""<p>Your {escape(label)} sign-in reaches several organisations.
Only the one you choose is connected; we give up our access to the others.</p>
<form method="post">
<input type="hidden" name="token" value="{escape(form_token, quote=True)}">
{buttons}
</form>
<p><a href="{escape(back, quote=True)}">Cancel: connect nothing</a></p>""",
    )


def _page(title: str, content: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{escape(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>
<body>
<main>
<h1>{escape(title)}</h1>
{content}
</main>
</body>
</html>
"""
