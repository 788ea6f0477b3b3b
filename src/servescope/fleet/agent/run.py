"""An agent with all that it needs around it. Called by `__main__`, and by what starts agents in processes of its own."""

from collections.abc import Mapping
from pathlib import Path

from servescope.fleet.agent.agent import Agent
from servescope.fleet.offspring.family import Offspring
from servescope.wire.agent import Errand


async def run(errand: Errand, environ: Mapping[str, str], place: Path) -> str:
    """Do the errand; why there was no worker, or "". `place`: a directory of this machine for the agent's own use."""
    offspring = Offspring(place)
    offspring.start()
    try:
        return await Agent(errand, environ, offspring).run()
    except OSError as error:
        return str(error)
    finally:
        await offspring.close()
