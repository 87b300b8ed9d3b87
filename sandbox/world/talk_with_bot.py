"""The bot's part of a talk: it answers, offers, closes, or hands off."""

from __future__ import annotations

from sandbox.world.speaker import Choice, Speaker


def with_bot(talk: Speaker) -> Choice:
    """The bot's turn; whether people take over."""
    sim, rng, bot, bot_talk = talk.sim, talk.rng, talk.sim.bot, talk.bot_talk
    assert bot is not None
    assert bot_talk is not None
    assert talk.lead is not None
    intents = tuple(sim.texts.topics)
    read = bot.understand(bot_talk, rng, talk.topic.name, intents)
    yield talk.after(1.5, 7)
    talk.says_bot(sim.texts.say(rng, "bot_hello", talk.fixed))
    understood = read.intent == talk.topic.name
    if understood:
        yield talk.after(1, 3)
        talk.says_bot(talk.answer())
    else:
        yield talk.after(1, 3)
        talk.says_bot(sim.texts.say(rng, "bot_unsure"))
    if not talk.engages():
        yield talk.after(70_000, 90_000)
        if not _bots_turn(talk):
            return True
        talk.says_bot(sim.texts.say(rng, "bot_silent"))
        talk.bot_closes()
        return False
    bot.raise_status(talk.lead, "engaged")
    for _ in range(rng.choice((1, 1, 2, 3))):
        yield talk.after(10, 400)
        if not _bots_turn(talk):
            return True
        talk.says_customer(talk.more())
        bot.understand(bot_talk, rng, talk.topic.name, intents)
        yield talk.after(1.5, 6)
        talk.says_bot(sim.texts.say(rng, "bot_again", talk.fixed) if rng.random() < 0.5 else talk.answer())
    if talk.topic.lead and talk.score >= 55:
        bot.raise_status(talk.lead, "qualified")
    wanted = talk.topic.handoff + (0.25 if not understood else 0.0)
    if rng.random() < wanted:
        yield talk.after(8, 200)
        if not _bots_turn(talk):
            return True
        reason = sim.texts.reasons[0]
        if rng.random() < 0.5:
            talk.says_customer(sim.texts.say(rng, "wants_human"))
        else:
            talk.says_customer(talk.more())
            reason = rng.choice(sim.texts.reasons[1:]) if understood else "baixa confiança"
        yield talk.after(1, 5)
        talk.hand_off(reason)
        return True
    if talk.topic.lead:
        yield talk.after(1, 4)
        talk.says_bot(talk.invitation())
        yield talk.after(15, 900)
        if not _bots_turn(talk):
            return True
        if talk.books(after_seconds=5.0):
            yield from talk.agree(talk.says_bot)
        else:
            talk.says_customer(sim.texts.say(rng, "decline"))
    yield talk.after(20, 600)
    talk.says_customer(sim.texts.say(rng, "thanks"))
    yield talk.after(1, 5)
    talk.says_bot(sim.texts.say(rng, "bot_bye"))
    yield talk.after(30, 2500)
    if not _bots_turn(talk):
        return True
    talk.bot_closes()
    return False


def _bots_turn(talk: Speaker) -> bool:
    """Whether the bot still has the talk."""
    return talk.conversation is None or talk.conversation.status == "pending"
