"""A small graph for many tests: people with bosses and notes, in one REST backend that records its requests."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import httpx
import strawberry

from graphfold import Keys, Node, OnDemand, Page, RestAdapter, Row, Wire, batch, by, finds, group, read, resolves, write
from graphfold.errors import BackendError, BackendRejected
from graphfold.graph.graph import Graph
from graphfold.loading.policy_options import CachingOptions
from graphfold.testing import FakeBackend, graph_of
from graphfold.viewer import Share


class Office(FakeBackend):
    """A REST backend of people by number: Ann (1) is the boss of Bob (2), Bob of Cid (3), and so on."""

    def __init__(self, names: str = "Ann Bob Cid Dan Eve") -> None:
        self.names = {str(number): name for number, name in enumerate(names.split(), 1)}
        super().__init__(
            {
                "GET /people": self.people,
                "GET /staff": self.staff,
                "GET /notes": self.notes,
                "POST /people": self.rename,
            }
        )

    def people(self, request: httpx.Request) -> Any:
        return [self.person(number) for number in self.numbers(request) if number in self.names]

    def staff(self, request: httpx.Request) -> Any:
        return [self.person(number) for number in self.names]

    def notes(self, request: httpx.Request) -> Any:
        limit = int(request.url.params["limit"])
        notes = [{"about": number, "text": f"{number}{i}"} for number in self.numbers(request) for i in range(3)]
        return [note for note in notes if int(note["text"][1:]) < limit and note["about"] in self.names]

    def rename(self, request: httpx.Request) -> Any:
        number, self.names[number] = request.url.params["no"], request.url.params["name"]
        return self.person(number)

    def person(self, number: str) -> dict[str, Any]:
        name = self.names[number]
        person = {"no": number, "name": name, "contact": {"mail": f"{name}@x.test"}, "boss": str(int(number) - 1)}
        return person | {"boss": None} if number == "1" else person

    def numbers(self, request: httpx.Request) -> list[str]:
        return request.url.params["ids"].split(",")

    @property
    def requests(self) -> list[str]:
        """The path and numbers of each request, in order of arrival: `people 1,2`."""
        return [
            f"{call.url.path[1:]} {call.url.params.get('ids') or call.url.params.get('no') or ''}".strip()
            for call in self.calls
        ]


def people(  # noqa: C901  # a graph: many functions of a line
    *,
    ttl: float = 0,
    share: Share = "viewer",
    max_size: int = 200,
    cache_size: int = 1000,
    caching: CachingOptions | None = None,
    answering: Callable[[dict[str, Any]], Mapping[str, Any]] = dict,
    environment: Mapping[str, str] | None = None,
) -> Graph:
    """Declare the graph. `caching` adds options to the batch and the read of people.
    `answering` changes the rows by number before the batch returns them.
    """

    options: CachingOptions = {"ttl": ttl, "share": share, "cache_size": cache_size, **(caching or {})}

    @strawberry.type(description="A person.")
    class Person(Node, key="number"):
        number: str = strawberry.field(description="The number.")
        name: str = strawberry.field(description="The name.")
        mail: str | None = strawberry.field(description="The mail address.")
        boss_number: str | None = strawberry.field(description="The boss's number.")

    @strawberry.type(description="A note.")
    class Note:
        about: str = strawberry.field(description="The number of its subject.")
        text: str = strawberry.field(description="The text.")

    @strawberry.type
    class Query:
        pass

    @strawberry.type
    class Mutation:
        pass

    class PersonRow(Row[Person], key="number"):
        number: Annotated[str, Wire("no")]
        name: Annotated[str, OnDemand("name")] = ""
        mail: Annotated[str | None, OnDemand("contact.mail")] = None
        boss_number: Annotated[str | None, OnDemand("boss")] = None

    class NoteRow(Row[Note]):
        about: str
        text: str

    class Hr(RestAdapter):
        identity = "service"

        @batch(max_size=max_size, **options)
        async def people(self, numbers: Keys[str]) -> dict[str, PersonRow | BackendError]:
            fields = numbers.wire(PersonRow)
            rows = await self.get("/people", list[PersonRow], ids=",".join(numbers), fields=fields)
            return dict(answering(dict(by(rows, lambda row: row.number))))

        @batch(ttl=ttl, share=share)
        async def notes_of(self, numbers: Keys[str], *, limit: int = 2) -> dict[str, list[NoteRow]]:
            rows = await self.get("/notes", list[NoteRow], ids=",".join(numbers), limit=limit)
            return group(rows, lambda row: row.about)

        @read(primes=people, **options)
        async def staff(self, team: str = "all") -> Page[PersonRow]:
            return Page(await self.get("/staff", list[PersonRow], team=team, fields=self.wire(PersonRow)))

        @write()
        async def rename(self, number: str, name: str) -> PersonRow:
            row = await self.request("POST", "/people", PersonRow, no=number, name=name)
            self.people.forget(number)
            self.staff.forget()
            return row

    @finds(Person)
    async def person_by_number(number: str, hr: Hr) -> Person:
        return await hr.people.load(number)

    @resolves(Query)
    async def person(number: str, hr: Hr) -> Person | None:
        return await hr.people.load(number)

    @resolves(Query)
    async def seek(number: str, hr: Hr) -> Person | None:
        return await hr.people.find(number)

    @resolves(Query)
    async def many(numbers: list[str], hr: Hr) -> list[Person]:
        return await hr.people.load_many(numbers)

    @resolves(Query)
    async def some(numbers: list[str]) -> list[Person | None]:
        return [Person(number=number, name="?", mail=None, boss_number=number) for number in numbers]

    @resolves(Query)
    async def staff(hr: Hr, team: str = "all") -> list[Person]:
        return (await hr.staff(team)).items

    @resolves(Query)
    async def initial(number: str, hr: Hr) -> str:
        return (await hr.people.load(number)).name[0]

    @resolves(Query)
    async def initial_of_whole(number: str, hr: Hr) -> str:
        return (await hr.people.whole.load(number)).name[0]

    @resolves(Person)
    async def boss(self: Person, hr: Hr) -> Person | None:
        return await hr.people.ref(self.boss_number) if self.boss_number else None

    @resolves(Note)
    async def author(self: Note, hr: Hr) -> Person | None:
        return await hr.people.ref(self.about)

    @resolves(Person)
    async def notes(self: Person, hr: Hr, limit: int = 2) -> list[Note]:
        return await hr.notes_of.load(self.number, limit=limit)

    @resolves(Person)
    async def same_notes(self: Person, hr: Hr) -> list[Note]:
        return await hr.notes_of.load(self.number)

    @resolves(Person)
    def label(self: Person) -> str:
        return f"{self.name} <{self.mail}>"

    @resolves(Mutation)
    async def rename(number: str, name: str, hr: Hr) -> Person:
        return await hr.rename(number, name)

    return graph_of(environment)


def refused(number: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return an `answering` that rejects one key."""
    return lambda rows: rows | {number: BackendRejected("This one is secret.")}
