"""Items: what is sold and at what price."""
