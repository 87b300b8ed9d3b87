"""The ground truth agrees with the rows, and its people are those of the definition."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import phonenumbers
import pytest

from sandbox.world.world import World

pytestmark = pytest.mark.xdist_group("world_truth")  # one world for all of them

END = datetime(2026, 11, 16, 15, tzinfo=UTC)
SLUGS = ("boxcentral", "sorriso", "bellapele")


@pytest.fixture(scope="module")
def world() -> World:
    world = World.generate(seed=23, end=END)
    world.advance(12)
    return world


@pytest.fixture(scope="module", params=SLUGS)
def slug(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def truth(world: World, slug: str) -> dict[str, pd.DataFrame]:
    return world.truth(slug)


def canonical(written: str) -> str:
    """As the warehouse reads a Brazilian tenant's phones: E.164, with the ninth digit where it was left out."""
    number = phonenumbers.parse(written, "BR")
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if e164.startswith("+55") and len(e164) == 13 and e164[5] in "6789":
        e164 = f"{e164[:5]}9{e164[5:]}"
    return e164


def test_written_phones_are_the_canonical_ones(truth: dict[str, pd.DataFrame]) -> None:
    for name in ("contacts", "leads"):
        rows = truth[name].dropna(subset=["phone_written"])
        assert [canonical(phone) for phone in rows.phone_written] == rows.phone.tolist()
        assert truth[name][truth[name].phone_written.isna()].phone.isna().all()


def test_phones_are_written_in_many_ways(world: World) -> None:
    box = world.truth("boxcentral")
    assert (box["contacts"].phone_written.dropna().str.len() == 13).sum() > 50, "without the ninth digit"
    written = box["leads"].phone_written.dropna()
    for pattern in (
        r"^\(\d\d\) 9\d{4}-\d{4}$",
        r"^55\d{10,11}$",
        r"^\+55 \d\d \d{4}-\d{4}$",
        r"^0\d\d ",
        r"^\d{10,11}$",
    ):
        assert written.str.match(pattern).sum() > 5, pattern
    foreign = ~box["contacts"].phone.dropna().str.startswith("+55")
    landline = box["contacts"].phone.dropna().str.fullmatch(r"\+55\d\d[2-5]\d{7}")
    assert foreign.any()
    assert landline.any()


def test_people_are_joined_by_phone_and_by_linked_talks_only(truth: dict[str, pd.DataFrame]) -> None:
    """Computed again the slow way: groups that share a phone or a link grow together until nothing changes."""
    group: dict[tuple[str, object], object] = {}
    shared: dict[object, list[tuple[str, object]]] = {}
    for kind, key in (("contact", "contact_id"), ("lead", "lead_id")):
        for row in truth[f"{kind}s"].itertuples():
            node = (kind, getattr(row, key))
            group[node] = node
            if pd.notna(row.phone):
                shared.setdefault(row.phone, []).append(node)
    for row in truth["conversations"].itertuples():
        if row.source == "chatwoot" and isinstance(row.lead_id, str):
            shared[row.conversation_id] = [("contact", row.contact_id), ("lead", row.lead_id)]
    changed = True
    while changed:
        changed = False
        for nodes in shared.values():
            smallest = min((group[node] for node in nodes), key=str)
            for node in nodes:
                if group[node] != smallest:
                    group[node], changed = smallest, True
    told = {("contact", row.contact_id): row.person_id for row in truth["contacts"].itertuples()}
    told |= {("lead", row.lead_id): row.person_id for row in truth["leads"].itertuples()}
    pairs = {(str(group[node]), person) for node, person in told.items()}
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(truth["people"])


def test_there_are_people_on_both_sides_and_twice_on_one(world: World) -> None:
    people = world.truth("boxcentral")["people"]
    contacts, leads = people.contact_ids.map(len), people.lead_ids.map(len)
    assert ((contacts > 0) & (leads > 0)).sum() > 300
    assert (contacts > 1).sum() > 10
    assert ((contacts == 0) & (leads > 0)).sum() > 5
    assert ((contacts > 0) & (leads == 0)).sum() > 100


def test_talks_are_told_once(world: World, slug: str, truth: dict[str, pd.DataFrame]) -> None:
    conversations = truth["conversations"]
    assert conversations.conversation_id.is_unique
    account = world.tenants[slug].account
    assert (conversations.source == "chatwoot").sum() == len(account.conversations)
    assert set(truth["messages"].conversation_id) == set(conversations.conversation_id)
    chatwoots = truth["messages"].query("source == 'chatwoot'")
    assert len(chatwoots) == len(account.messages)
    assert (chatwoots.groupby("conversation_id").at.diff().dropna() >= pd.Timedelta(0)).all()
    assert set(truth["journeys"].conversation_id) == set(conversations.conversation_id)


def test_a_linked_talk_is_in_both_places_with_the_same_words(truth: dict[str, pd.DataFrame]) -> None:
    own = truth["bot_messages"]
    linked = own[own.conversation_id.str.startswith("chatwoot-")]
    if linked.empty:
        return
    messages = truth["messages"]
    said = messages[
        messages.kind.isin(["customer", "human", "bot"]) & messages.conversation_id.isin(linked.conversation_id)
    ]
    counts = said.groupby("conversation_id").size()
    # what was said before the bot's talk was opened, or when it had none, is only in Chatwoot
    mirrored = linked.groupby("conversation_id").size()
    assert (mirrored <= counts.loc[mirrored.index]).all()
    merged = linked.merge(said, on=["conversation_id", "at", "kind"], how="left", suffixes=("", "_chatwoot"))
    assert merged.message_id_chatwoot.notna().all()
    same = merged[~merged.deleted.astype(bool) & merged.content_chatwoot.notna()]
    changed = same[(same.content != same.content_chatwoot)]
    assert len(changed) < 0.02 * len(same), "only edits differ"


def test_a_deleted_conversation_is_the_bots_from_then_on(world: World) -> None:
    tenant = world.tenants["sorriso"]
    gone = [
        talk
        for talk in tenant.bot.conversations.values()  # type: ignore[union-attr]
        if talk.chatwoot_conversation_id and talk.chatwoot_conversation_id not in tenant.account.by_display_id
    ]
    assert gone
    conversations = world.truth("sorriso")["conversations"].set_index("conversation_id")
    for talk in gone:
        assert conversations.loc[f"bot-{talk.id}", "source"] == "bot"


def test_bookings_come_in_every_kind(world: World) -> None:
    bookings = pd.concat([world.truth(s)["bookings"] for s in ("boxcentral", "sorriso")])
    assert set(bookings.status) == {"booked", "attended", "no_show", "cancelled"}
    assert bookings.value.isna().any()
    assert (bookings.currency == "USD").any()
    assert bookings.currency.isna().any()
    assert bookings.scheduled_for.isna().any()
    assert ((bookings.status == "booked") & (bookings.scheduled_for < world.now)).any(), "overdue"
    attended = bookings[bookings.status == "attended"]
    assert (attended.attended_at == attended.scheduled_for.fillna(attended.booked_at)).all()
    assert bookings[bookings.status != "attended"].attended_at.isna().all()


def test_answers_stay_within_their_scales(truth: dict[str, pd.DataFrame]) -> None:
    assert truth["csat"].rating.between(1, 5).all()
    assert truth["feedback"].nps_score.dropna().between(0, 10).all()
    assert truth["feedback"].score.dropna().between(1, 5).all()
    if len(truth["feedback"]):
        assert truth["feedback"].nps_score.nunique() > 5
    assert (truth["csat"].rating != truth["csat"].first_rating).any()


def test_frames_have_the_same_types_with_and_without_rows(world: World) -> None:
    full, empty = world.truth("sorriso"), world.truth("bellapele")
    assert full.keys() == empty.keys()
    assert empty["bookings"].empty
    for name, data in full.items():
        assert list(data.columns) == list(empty[name].columns)
        assert [str(t) for t in data.dtypes] == [str(t) for t in empty[name].dtypes], name
