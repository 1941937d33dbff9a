"""Whatever happens to jobs and servers, in whatever order, the placement keeps its promises."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from benchmarks.virtual_fleet import virtual_job
from companion_app.fleet.jobs import Place
from companion_app.fleet.lanes import DEPTH, Lanes
from companion_app.fleet.line import WaitingLine
from companion_app.fleet.placement import Placement

SERVERS = ("one", "two", "three")
CHECKPOINTS = ("a", "b", "c")
BATCHES = ("1", "2", "3", "4")

servers = st.sampled_from(SERVERS)
batches = st.sampled_from(BATCHES)


class FleetMachine(RuleBasedStateMachine):
    """Servers that make, fail, die and return, as the fleet would tell the placement of them."""

    jobs = Bundle("jobs")

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.line, self.lanes = WaitingLine(), Lanes()
        self.placement = Placement(self.line, self.lanes, self)
        self.alive, self.paused = set(SERVERS), set()
        self.entries = {}  # every job by id
        self.place = {}  # job id → "line", the name of a server, or "over"

    @initialize(lacks=st.sets(st.tuples(servers, st.sampled_from(CHECKPOINTS)), max_size=4))
    def start(self, lacks):
        self.lacks = lacks
        for server in SERVERS:
            self.lanes.open(server)

    # --- the rules the placement asks --------------------------------------------------------

    def can_kind(self, server, kind):
        return (server, kind.checkpoint) not in self.lacks

    def can_job(self, server, entry):
        if server in entry.refusals or not self.can_kind(server, entry.kind):
            return False
        if any(name in self.alive for name in entry.traces):
            return False
        others = [
            lane.name
            for lane in self.lanes.opened()
            if self.can_kind(lane.name, entry.kind)
            and lane.name not in entry.refusals
            and not entry.failed_on(lane.name)
        ]
        return not entry.failed_on(server) or not others

    def may(self, server, entry):
        return self.can_job(server, entry)

    def rests(self, entry):
        return entry.place.held or entry.job.batch_id in self.paused

    # --- jobs --------------------------------------------------------------------------------

    @rule(
        target=jobs,
        batch=batches,
        checkpoints=st.lists(st.sampled_from(CHECKPOINTS), min_size=1, max_size=12),
        times=st.sampled_from((1, 1, 6)),  # beyond thirty jobs other rules hold than at the end
        priority=st.sampled_from((0, 0, 1, -1)),
        loras=st.sampled_from(((), ("x",), ("x", "y"))),
        size=st.sampled_from((256, 512)),
    )
    def submit(self, batch, checkpoints, times, priority, loras, size):
        checkpoints = checkpoints * times
        ids = [f"job-{len(self.entries) + n}" for n in range(len(checkpoints))]
        session = f"session-{int(batch) % 2}"
        place = Place(priority, (float(batch), 0.0))
        for id, checkpoint in zip(ids, checkpoints, strict=True):
            traits = {"batch": batch, "session": session, "loras": loras, "size": size}
            self.entries[id] = self.line.admit(virtual_job(id, checkpoint, place=place, **traits))
        self.put(*ids)
        return multiple(*ids)

    def put(self, *ids):
        for id in ids:
            self.place[id] = "line"
        self.line.put([self.entries[id] for id in ids])

    @rule(batch=batches)
    def pause(self, batch):
        self.paused.add(batch)
        self.line.pause(batch)

    @rule(batch=batches)
    def resume(self, batch):
        self.paused.discard(batch)
        self.line.resume(batch)

    @rule(id=jobs, held=st.booleans(), priority=st.sampled_from((-1, 0, 1)), rank=st.floats(0, 9))
    def arrange(self, id, held, priority, rank):
        place = Place(priority, (self.entries[id].place.rank[0], rank), held)
        if self.place[id] == "line":
            self.line.arrange(id, place)
        else:
            self.entries[id].place = place

    @rule(id=jobs)
    def cancel(self, id):
        if self.place[id] == "line":
            self.line.remove(self.entries[id])
        elif self.place[id] != "over":
            self.lanes.ended(self.place[id], id, self.now)
        self.place[id] = "over"

    @rule(batch=batches)
    def cancel_batch(self, batch):
        gone = self.line.of_batch(batch)
        for entry in gone:
            self.line.remove(entry)
            assert self.place[entry.job.id] == "line"
            self.place[entry.job.id] = "over"

    # --- servers -----------------------------------------------------------------------------

    @rule(server=servers)
    def take(self, server):
        self.reclaim(server)
        self.take_one(server)

    def take_one(self, server):
        waited = {entry.job.id for entry in self.line if not self.rests(entry)}
        could = [self.entries[id] for id in waited if self.may(server, self.entries[id])]
        entry = self.placement.take(server, self.now)
        if entry is None:
            return False
        assert self.lanes[server].is_open
        assert len(self.lanes[server].begun) <= DEPTH
        assert entry in could
        for other in could:
            if other.place.priority > entry.place.priority:
                assert any(
                    self.may(lane.name, other)
                    for lane in self.lanes.opened()
                    if lane.name != server
                )
        self.place[entry.job.id] = server
        return True

    @rule(server=servers, took=st.floats(0, 30))
    def finish(self, server, took):
        if self.lanes[server].begun and server in self.alive:
            id = next(iter(self.lanes[server].begun))
            self.now += took
            self.lanes.finished(server, id, self.now)
            self.placement.forget(id)
            self.place[id] = "over"

    @rule(server=servers, never=st.booleans())
    def fail(self, server, never):
        if self.lanes[server].begun and server in self.alive:
            id = next(iter(self.lanes[server].begun))
            entry = self.entries[id]
            self.lanes.ended(server, id, self.now)
            if never:
                entry.refusals[server] = "no"
            else:
                entry.failures.append((server, "out of memory"))
            if len(entry.failures) < 2:
                self.put(id)
            else:
                self.place[id] = "over"

    @rule(server=servers)
    def die(self, server):
        if server in self.alive:
            self.alive.discard(server)
            self.lanes.close(server)
            for id in list(self.lanes[server].begun):
                self.entries[id].traces[server] = f"prompt-{id}"
                self.lanes.ended(server, id, self.now)
                self.put(id)

    @rule(server=servers)
    def come_back(self, server):
        if server not in self.alive:
            self.alive.add(server)
            self.lanes.cool(server)
            self.lanes.open(server)
            self.reclaim(server)

    def reclaim(self, server):
        if server in self.alive:
            for entry in self.line.reclaim(server):
                del entry.traces[server]
                self.lanes.begin(server, entry, self.now, timed=False)
                self.place[entry.job.id] = server

    @rule(server=servers, draining=st.booleans())
    def drain(self, server, draining):
        if draining:
            self.lanes.close(server)
        elif server in self.alive:
            self.lanes.open(server)

    @rule(server=servers)
    def recall(self, server):
        id = self.placement.recall(server, self.now)
        if id is not None:
            owner = self.place[id]
            assert owner != server
            assert id != next(iter(self.lanes[owner].begun))
            assert self.may(server, self.entries[id])
            self.lanes.ended(owner, id, self.now)
            self.put(id)

    @rule(seconds=st.floats(0, 100))
    def wait(self, seconds):
        self.now += seconds

    # --- promises ----------------------------------------------------------------------------

    @invariant()
    def every_job_is_in_one_place(self):
        begun = {server: set(self.lanes[server].begun) for server in SERVERS}
        for id, place in self.place.items():
            assert (id in self.line) == (place == "line")
            for server in SERVERS:
                assert (id in begun[server]) == (place == server)
        assert len(self.line) == sum(place == "line" for place in self.place.values())
        resting = sum(self.rests(entry) for entry in self.line)
        assert self.line.takeable_count == len(self.line) - resting

    @invariant()
    def the_forecast_names_each_job_once_and_only_those_that_can_be_made(self):
        prospects = self.placement.forecast(self.now)
        ids = [prospect.entry.job.id for prospect in prospects]
        assert len(ids) == len(set(ids))
        for entry, server, done_in in prospects:
            assert done_in >= 0
            if self.place[entry.job.id] == "line":
                assert self.may(server, entry)
                assert not self.rests(entry)
            else:
                assert self.place[entry.job.id] == server
        assert set(ids) >= set(self.doable())

    def doable(self):
        open_ones = [lane.name for lane in self.lanes.opened()]
        return [
            entry.job.id
            for entry in self.line
            if not self.rests(entry) and any(self.may(server, entry) for server in open_ones)
        ]

    @precondition(lambda self: all(not lane.begun for lane in self.lanes.opened()))
    @rule()
    def somebody_takes_what_can_be_made(self):
        if self.doable():
            took = [self.take_one(lane.name) for lane in self.lanes.opened()]
            assert any(took)

    def teardown(self):
        """In the end, with every server there, everything somebody can make is made."""
        if not hasattr(self, "lacks"):
            return
        for batch in BATCHES:
            self.resume(batch)
        for server in SERVERS:
            self.come_back(server)
            self.lanes.open(server)
        for id in self.entries:
            if self.place[id] == "line":
                self.line.arrange(id, Place())
        for _ in range(2 * len(self.entries) + 2):
            for server in SERVERS:
                self.reclaim(server)
                while self.take_one(server):
                    pass
            for server in SERVERS:
                self.finish(server, 0.5)
        assert self.doable() == []


TestFleetMachine = FleetMachine.TestCase
TestFleetMachine.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
