"""The accounting API: who may come in, routes, lists, error bodies."""
