"""The one page a connector shows itself: a consent that can't be gone on with."""

from html import escape


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
