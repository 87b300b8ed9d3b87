"""What follows a talk: surveys, corrections, and somebody who has something to add."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.world.records import Conversation
from sandbox.world.simulation import Walk

if TYPE_CHECKING:
    from sandbox.world.talk import Talk


def afterwards(talk: Talk) -> Walk:
    sim, rng, conversation = talk.sim, talk.rng, talk.conversation
    closed = conversation is None or conversation.status == "resolved"
    if not closed:
        return
    if talk.bot_talk and sim.bot and rng.random() < 0.2:
        yield talk.after(120, 20_000)
        _rate_bot(talk)
    if conversation is None or talk.door is None:
        return
    if talk.door.csat and rng.random() < 0.24:
        yield talk.after(20, 30_000)
        yield from _answer_survey(talk, conversation)
    fate = rng.random()
    if fate < 0.07 * (1 + talk.door.reopens):
        yield talk.after(1500, 300_000)
        yield from go_on(talk)


def go_on(talk: Talk) -> Walk:
    """After the resolution somebody has something to add."""
    sim, rng, conversation = talk.sim, talk.rng, talk.in_chatwoot
    assert talk.door is not None
    if talk.person.busy or talk.in_vain or conversation.status != "resolved":
        return
    talk.person.busy = True
    if rng.random() < talk.door.reopens:
        yield from _customer_returns(talk)
    elif rng.random() < 0.5 and sim.staff.is_open(sim.now):
        sim.chatwoot.change_status(conversation, "open", talk.agent())
        yield talk.after(5, 60)
        talk.says_human(sim.texts.say(rng, "reopen_agent", talk.fixed))
        yield talk.after(60, 4000)
        talk.resolve(talk.agent())
    else:
        talk.person.busy = False
        talk.write_anew()
        return
    talk.person.busy = False


def _customer_returns(talk: Talk) -> Walk:
    """The customer writes into the resolved conversation, which opens (or is the bot's) again."""
    sim, rng, conversation = talk.sim, talk.rng, talk.in_chatwoot
    if talk.bot_talk and sim.bot:
        sim.bot.reopen(talk.bot_talk)
    talk.says_customer(sim.texts.say(rng, "reopen_customer"))
    talk.waiting_from = sim.now
    if conversation.status == "pending" and sim.bot and talk.bot_talk:
        yield talk.after(1.5, 6)
        if rng.random() < 0.4:
            talk.says_bot(sim.texts.say(rng, "bot_again", talk.fixed))
            yield talk.after(600, 9000)
            talk.bot_closes()
            return
        talk.hand_off(rng.choice(sim.texts.reasons))
    yield sim.reply_at(rng)
    talk.says_human(talk.answer())
    yield talk.after(30, 900)
    talk.says_customer(sim.texts.say(rng, "thanks"))
    yield talk.staff_later(hours=rng.uniform(0.1, 6))
    talk.resolve(talk.agent())


def _answer_survey(talk: Talk, conversation: Conversation) -> Walk:
    sim, rng = talk.sim, talk.rng
    rating = _rating(talk)
    comment = "csat_good" if rating >= 4 else "csat_bad" if rating <= 2 else "csat_neutral"
    if conversation.id not in sim.account.conversations:
        return
    response = sim.chatwoot.answer_csat(conversation, rating, rng.choice(sim.texts.phrases[comment]))
    if response and rng.random() < 0.08:
        yield talk.after(600, 9 * 86_400)
        if response.id in sim.account.csat_responses:
            sim.chatwoot.correct_csat(response, max(1, min(5, rating + rng.choice((-2, -1, 1, 1)))))


def _rate_bot(talk: Talk) -> None:
    sim, rng = talk.sim, talk.rng
    assert sim.bot is not None
    assert talk.bot_talk is not None
    score = _rating(talk)
    nps = max(0, min(10, score * 2 + rng.choice((-1, 0, 0, 0, 1)))) if rng.random() < 0.8 else None
    key = "nps_good" if score >= 4 else "nps_bad"
    comment = rng.choice(sim.texts.phrases[key])
    sim.bot.feedback(talk.bot_talk, score if rng.random() < 0.8 else None, nps, comment)


def _rating(talk: Talk) -> int:
    """Content customers were answered soon and had nothing to complain about."""
    waited = talk.journey.first_reply_seconds or 10.0
    mean = 4.75 - 0.35 * min(waited / 3600.0, 4.0) - (1.6 if talk.topic.mood == "negative" else 0.0)
    return max(1, min(5, round(talk.rng.gauss(mean, 0.8))))
