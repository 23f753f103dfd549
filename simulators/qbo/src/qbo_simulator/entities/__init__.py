"""The rules of each entity: which properties it has, what is refused, what an answer looks like."""
