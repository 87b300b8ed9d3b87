"""The staff's part of a talk: a person answers, offers, agrees, and closes it."""

from __future__ import annotations

from datetime import timedelta

from sandbox.world.records import Conversation, Message
from sandbox.world.simulation import Walk
from sandbox.world.speaker import Speaker


def with_people(talk: Speaker) -> Walk:
    sim, rng, conversation = talk.sim, talk.rng, talk.conversation
    if conversation and rng.random() < 0.3 and conversation.assignee_id is None:
        yield talk.after(0.2, 3)
        sim.chatwoot.assign(conversation, talk.agent(), "system")
    if talk.topic.mood == "negative" and conversation and rng.random() < 0.5:
        sim.chatwoot.set_priority(conversation, rng.choice(("high", "urgent")), "automation")
    if rng.random() < 0.03:
        yield from _nobody_answers(talk)
        return
    reply = sim.reply_at(rng)
    if rng.random() < 0.15:
        impatient = sim.now + timedelta(seconds=rng.uniform(200, 4000))
        if impatient < reply:
            yield impatient
            talk.says_customer(rng.choice(("Oi?", "Alguém?", "Oi, ainda estou aguardando", "??", talk.more())))
    yield reply
    if conversation and rng.random() < 0.12:
        sim.chatwoot.note(conversation, talk.agent(), sim.texts.say(rng, "note"))
        yield talk.after(5, 60)
    agent = talk.agent()
    if sim.bot and talk.lead and talk.lead.assigned_to is None:
        talk.lead.assigned_to = str(agent.id)
        sim.bot.touch(talk.lead)
    if conversation and conversation.assignee_id is None and rng.random() < 0.85:
        giver = agent if rng.random() < 0.8 else sim.agent(rng, conversation.inbox_id)
        sim.chatwoot.assign(conversation, agent, giver)
        yield talk.after(2, 20)
    waited = (sim.now - talk.waiting_from).total_seconds() if talk.waiting_from else 1.0
    first = talk.says_human(sim.texts.say(rng, "human_hello", talk.fixed))
    yield talk.after(6, 120)
    talk.says_human(talk.answer())
    if first and rng.random() < 0.012:
        yield talk.after(20, 300)
        _corrects_a_slip(talk, first)
    if talk.journey.engaged is None or talk.journey.bot_conversation_id is not None:
        talk.journey.first_reply_seconds = waited
    if not talk.engages(again=talk.journey.engaged is not None):
        if rng.random() < 0.35:
            yield talk.staff_later(hours=rng.uniform(18, 40))
            talk.says_human(sim.texts.say(rng, "chase", talk.fixed))
        yield from _finish(talk, idle=True)
        return
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        yield talk.after(15, 1500)
        talk.says_customer(talk.more())
        yield sim.reply_at(rng, quick=0.55)
        talk.says_human(talk.answer() if rng.random() < 0.5 else sim.texts.say(rng, "human_more", talk.fixed))
    if talk.topic.lead:
        yield talk.after(5, 200)
        talk.says_human(talk.invitation())
        yield talk.after(20, 5000)
        if talk.books(after_seconds=waited):
            yield from talk.agree(talk.says_human)
        else:
            talk.says_customer(sim.texts.say(rng, "decline"))
            if sim.bot and talk.lead and rng.random() < 0.6:
                sim.bot.lose(talk.lead)
    yield from _finish(talk, idle=False)


def _corrects_a_slip(talk: Speaker, message: Message) -> None:
    sim = talk.sim
    if not sim.unannounced:
        return
    if talk.rng.random() < 0.5:
        sim.chatwoot.delete_message(message)
    else:
        sim.chatwoot.edit_message(message, f"{message.content} (corrigido)")


def _nobody_answers(talk: Speaker) -> Walk:
    """Left alone; some are closed by the system after a week, some stay open."""
    yield talk.after(7 * 86_400, 7 * 86_400 + 3000)
    conversation = talk.conversation
    if conversation and conversation.status == "open" and talk.rng.random() < 0.6:
        talk.sim.chatwoot.change_status(conversation, "resolved", "system", inactive_days=7)
        talk.bot_talk_ends("human")


def _finish(talk: Speaker, idle: bool) -> Walk:
    """Labels, a snooze now and then, thanks, and the resolution."""
    sim, rng, conversation = talk.sim, talk.rng, talk.conversation
    if conversation and rng.random() < 0.45:
        sim.chatwoot.add_labels(conversation, talk.labels(), talk.agent())
    if conversation and rng.random() < 0.04 and conversation.status == "open":
        yield from _snooze(talk, conversation)
    elif conversation and rng.random() < 0.012 and conversation.status == "open":
        sim.chatwoot.change_status(conversation, "pending", talk.agent())
        yield talk.staff_later(hours=rng.uniform(1, 20))
        sim.chatwoot.change_status(conversation, "open", talk.agent())
    if not idle and rng.random() < 0.6:
        yield talk.after(10, 1200)
        talk.says_customer(sim.texts.say(rng, "thanks"))
        if rng.random() < 0.6:
            yield sim.reply_at(rng, quick=0.4)
            talk.says_human(sim.texts.say(rng, "closing"))
    if conversation and talk.person.trade in ("supplier", "chitchat") and rng.random() < 0.1:
        yield talk.staff_later(hours=0.1)
        sim.chatwoot.mute(conversation, talk.agent())
        talk.bot_talk_ends("human")
        return
    fate = rng.random()
    if fate < 0.02 and conversation:
        return
    if fate < 0.06 and conversation:
        yield talk.after(7 * 86_400, 7 * 86_400 + 3000)
        if conversation.status == "open":
            sim.chatwoot.change_status(conversation, "resolved", "system", inactive_days=7)
            talk.bot_talk_ends("human")
        return
    yield talk.staff_later(hours=rng.uniform(16, 50) if idle else rng.lognormvariate(-0.4, 1.1))
    talk.resolve(talk.agent())


def _snooze(talk: Speaker, conversation: Conversation) -> Walk:
    sim, rng = talk.sim, talk.rng
    until = talk.staff_later(hours=rng.choice((1, 4, 24, 72)))
    sim.chatwoot.snooze(conversation, until, talk.agent())
    if rng.random() < 0.25:
        yield sim.now + (until - sim.now) * rng.random()
        if conversation.status == "snoozed":
            talk.says_customer(talk.more())
    else:
        yield sim.chatwoot.wakes_at(until)
        sim.chatwoot.wake(conversation)
