"""Notices: what someone should know without looking; in the app, and by mail as each chose."""
