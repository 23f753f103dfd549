"""All duels, by name."""

from simulation.duels_connections import DUELS as CONNECTIONS
from simulation.duels_deciding import DUELS as DECIDING
from simulation.duels_sending import DUELS as SENDING
from simulation.stage import Duel

DUELS: dict[str, Duel] = {duel.name: duel for duel in (*DECIDING, *SENDING, *CONNECTIONS)}
