"""Subscriptions: who is told of events, how far each has been told, and which worker is telling it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from throughline.store.database import Row, Sql


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """Who wants to be told of what, from which place of the log on."""

    id: str
    kind: str
    url: str
    types: tuple[str, ...]
    signing: str
    public_key: str | None
    secret: bytes | None
    place: int


async def add(sql: Sql, new: NewSubscription, *, now: datetime) -> None:
    """One that is there already stays as it is."""
    await sql.execute(
        """insert into subscriptions
             (id, kind, url, types, state, signing, public_key, secret, place, fence, created_at, updated_at)
           values ($1, $2, $3, $4, 'active', $5, $6, $7, $8, 0, $9, $9) on conflict (id) do nothing""",
        new.id,
        new.kind,
        new.url,
        list(new.types),
        new.signing,
        new.public_key,
        new.secret,
        new.place,
        now,
    )


async def one(sql: Sql, id_: str) -> Row | None:
    return await sql.fetchrow("select * from subscriptions where id = $1", id_)


async def for_update(sql: Sql, id_: str) -> Row | None:
    return await sql.fetchrow("select * from subscriptions where id = $1 for update", id_)


async def listed(sql: Sql) -> list[Row]:
    return await sql.fetch("select * from subscriptions order by created_at, id")


async def remove(sql: Sql, id_: str) -> None:
    """With everything that was on its way to it."""
    await sql.execute("delete from attempts where subscription = $1", id_)
    await sql.execute("delete from deliveries where subscription = $1", id_)
    await sql.execute("delete from subscriptions where id = $1", id_)


async def stand(sql: Sql, id_: str, state: str, *, why: str | None, now: datetime) -> None:
    """Active, paused or off. Whatever it is from now on, what failed before is no longer counted."""
    await sql.execute(
        """update subscriptions set state = $2, why = $3, failing_since = null, next_at = null, updated_at = $4
           where id = $1""",
        id_,
        state,
        why,
        now,
    )


async def replace_secret(
    sql: Sql, id_: str, *, secret: bytes, public_key: str | None, previous_until: datetime, now: datetime
) -> None:
    await sql.execute(
        """update subscriptions set previous = secret, previous_until = $4, secret = $2, public_key = $3,
             updated_at = $5 where id = $1""",
        id_,
        secret,
        public_key,
        previous_until,
        now,
    )


async def go_back(sql: Sql, id_: str, place: int, *, now: datetime) -> None:
    await sql.execute(
        "update subscriptions set place = least(place, $2), next_at = null, updated_at = $3 where id = $1",
        id_,
        place,
        now,
    )


async def advance(sql: Sql, id_: str, place: int) -> None:
    await sql.execute("update subscriptions set place = $2 where id = $1 and place <> $2", id_, place)


async def fails(sql: Sql, id_: str, why: str, *, now: datetime, next_at: datetime | None = None) -> None:
    """The first failure since something arrived is remembered, and what the last one was."""
    await sql.execute(
        """update subscriptions set failing_since = coalesce(failing_since, $3), why = $2, next_at = $4
           where id = $1 and state = 'active'""",
        id_,
        why,
        now,
        next_at,
    )


async def works(sql: Sql, id_: str) -> None:
    await sql.execute(
        """update subscriptions set failing_since = null, next_at = null, why = null
           where id = $1 and failing_since is not null""",
        id_,
    )


async def with_work(sql: Sql, *, horizon: int, now: datetime) -> list[Row]:
    """Those nobody is telling now, with something to be told."""
    return await sql.fetch(
        """select id, kind from subscriptions s
           where state = 'active' and (lease_until is null or lease_until < $2) and (next_at is null or next_at <= $2)
             and (place < $1 or exists (select from deliveries d
               where d.subscription = s.id and d.state = 'due' and d.due_at <= $2))""",
        horizon,
        now,
    )


async def claim(sql: Sql, id_: str, *, worker: str, now: datetime, lease: timedelta) -> Row | None:
    """Be the one who tells it; nobody else is until the lease ends."""
    return await sql.fetchrow(
        """update subscriptions set worker = $2, lease_until = $4, fence = fence + 1
           where id = $1 and state = 'active' and (lease_until is null or lease_until < $3) returning *""",
        id_,
        worker,
        now,
        now + lease,
    )


async def renew(sql: Sql, id_: str, fence: int, *, now: datetime, lease: timedelta) -> bool:
    return bool(
        await sql.fetchval(
            """update subscriptions set lease_until = $3
               where id = $1 and fence = $2 and state = 'active' and lease_until >= $4 returning true""",
            id_,
            fence,
            now + lease,
            now,
        )
    )


async def let_go(sql: Sql, id_: str, fence: int) -> None:
    await sql.execute(
        "update subscriptions set lease_until = null, worker = null where id = $1 and fence = $2", id_, fence
    )


async def ours(sql: Sql, id_: str, fence: int) -> Row | None:
    """Locked until the transaction ends, if nobody was let in after us."""
    return await sql.fetchrow("select * from subscriptions where id = $1 and fence = $2 for update", id_, fence)
