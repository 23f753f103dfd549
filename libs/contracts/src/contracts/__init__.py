"""Messages, topics, ids, money and causes that the services agree on."""
