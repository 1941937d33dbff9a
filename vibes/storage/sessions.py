"""Sessions and profiles as rows."""

from __future__ import annotations

from sqlite_utils import Database

from vibes.errors import NotFound
from vibes.stages import Session

DEFAULT_PROFILE = "default"


class SessionRecords:
    """The sessions table."""

    def __init__(self, db: Database):
        self._db = db

    def add(self, session: Session) -> None:
        """Store a new session; its profile must exist."""
        self._db.table("sessions").insert(
            {
                "id": session.id,
                "name": session.name,
                "flow": session.flow,
                "profile": session.profile,
                "batch_id": session.batch_id,
                "created": session.created,
            }
        )

    def get(self, session_id: str) -> Session:
        """One session; raises NotFound."""
        rows = list(self._db.query("SELECT * FROM sessions WHERE id = ?", [session_id]))
        if not rows:
            raise NotFound(f"There is no session '{session_id}'. GET /api/sessions lists them.")
        return Session(**rows[0])

    def all(self) -> list[tuple[Session, int]]:
        """Every session with the stage the user stands at, newest first."""
        rows = self._db.query(
            "SELECT sessions.*, coalesce(grids.stage, 0) AS stage FROM sessions"
            " LEFT JOIN grids ON grids.id = batch_id"
            " ORDER BY sessions.created DESC, sessions.rowid DESC"
        )
        return [(Session(**row), stage) for row in rows for stage in [row.pop("stage")]]

    def rename(self, session_id: str, name: str) -> Session:
        """Give a session another name; raises NotFound."""
        self.get(session_id)
        self._db.table("sessions").update(session_id, {"name": name})
        return self.get(session_id)

    def move(self, session_id: str, batch_id: str | None) -> None:
        """Let the user stand in another grid, or in none; raises NotFound."""
        self.get(session_id)
        self._db.table("sessions").update(session_id, {"batch_id": batch_id})

    def delete(self, session_id: str) -> None:
        """Remove a session with its grids and images; its events stay. Raises NotFound."""
        self.get(session_id)
        self._db.table("sessions").delete(session_id)


class ProfileRecords:
    """The profiles table: whose taste, and whether it is learned."""

    def __init__(self, db: Database):
        self._db = db

    def ensure(self, name: str, created: str) -> None:
        """Make the profile if it does not exist."""
        self._db.table("profiles").insert(
            {"name": name, "learning": 1, "created": created}, ignore=True
        )

    def all(self) -> dict[str, bool]:
        """Profile name → whether it learns."""
        rows = self._db.query("SELECT name, learning FROM profiles ORDER BY name")
        return {row["name"]: bool(row["learning"]) for row in rows}

    def learns(self, name: str) -> bool:
        """Whether outcomes of this profile are recorded; raises NotFound."""
        profiles = self.all()
        if name not in profiles:
            raise NotFound(f"There is no profile '{name}'. GET /api/profiles lists them.")
        return profiles[name]

    def set_learning(self, name: str, *, learning: bool) -> None:
        """Switch learning on or off; raises NotFound."""
        self.learns(name)
        self._db.table("profiles").update(name, {"learning": int(learning)})
