"""What happens when something comes in: lock, load, decide, save, tell. One transaction each."""
