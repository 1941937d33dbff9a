"""The staged draft flow: sessions, grids, images and what may follow what."""

from .funnel import Iteration, check_iteration, rejected, shown, submitted, with_selection
from .navigation import back, forward, one_stage_back, path_to
from .rerender import SEED_LIMIT, Edit, Slot, iteration_slots, rechosen
from .session import (
    OPEN_STATES,
    Action,
    Brief,
    Grid,
    GridState,
    Image,
    ImageState,
    Selection,
    Session,
    grid_state,
)

__all__ = [
    "OPEN_STATES",
    "SEED_LIMIT",
    "Action",
    "Brief",
    "Edit",
    "Grid",
    "GridState",
    "Image",
    "ImageState",
    "Iteration",
    "Selection",
    "Session",
    "Slot",
    "back",
    "check_iteration",
    "forward",
    "grid_state",
    "iteration_slots",
    "one_stage_back",
    "path_to",
    "rechosen",
    "rejected",
    "shown",
    "submitted",
    "with_selection",
]
