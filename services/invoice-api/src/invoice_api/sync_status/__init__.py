"""What became of each record at each provider: read tables folded from events, shown as badges."""
