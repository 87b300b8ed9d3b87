"""Who is one person, by the definition the marts follow, from what the world knows about everybody.

Same canonical phone, or a bot's talk linked to a Chatwoot conversation that exists: one person. E-mails, names and the
human being behind do not count: two contacts without phone are two people.
"""

from __future__ import annotations

from sandbox.world.bot_records import BotId
from sandbox.world.simulation import Simulation

Node = tuple[str, int | str]


class People:
    """Groups contacts and leads; a group's id is its smallest member's."""

    def __init__(self, sim: Simulation) -> None:
        self._parent: dict[Node, Node] = {}
        account, ledger = sim.account, sim.ledger
        by_phone: dict[str, Node] = {}
        for contact_id in account.contacts:
            self._meet(("contact", contact_id), ledger.contact_phone.get(contact_id), by_phone)
        if sim.bot:
            for lead_id in sim.bot.data.leads:
                self._meet(("lead", lead_id), ledger.lead_phone.get(lead_id), by_phone)
            for talk in sim.bot.data.conversations.values():
                conversation_id = account.by_display_id.get(talk.chatwoot_conversation_id or -1)
                if conversation_id is not None:
                    contact = ("contact", account.conversations[conversation_id].contact_id)
                    self._join(("lead", talk.lead_id), contact)
        self._number: dict[Node, str] = {}
        self.members: dict[str, tuple[list[int], list[str]]] = {}
        for node in self._parent:
            person_id = self._id(node)
            contacts, leads = self.members.setdefault(person_id, ([], []))
            if node[0] == "contact":
                contacts.append(int(node[1]))
            else:
                leads.append(str(node[1]))
        self.phones = {self._id(node): phone for phone, node in reversed(by_phone.items())}

    def of_contact(self, contact_id: int) -> str:
        return self._id(("contact", contact_id))

    def of_lead(self, lead_id: BotId) -> str:
        return self._id(("lead", lead_id))

    def _id(self, node: Node) -> str:
        root = self._root(node)
        return self._number.setdefault(root, f"{root[0]}-{root[1]}")

    def _meet(self, node: Node, phone: str | None, by_phone: dict[str, Node]) -> None:
        self._parent[node] = node
        if phone is not None:
            self._join(node, by_phone.setdefault(phone, node))

    def _root(self, node: Node) -> Node:
        while (parent := self._parent[node]) != node:
            self._parent[node] = node = self._parent[parent]
        return node

    def _join(self, one: Node, other: Node) -> None:
        one, other = self._root(one), self._root(other)
        if one != other:
            self._parent[one] = other
