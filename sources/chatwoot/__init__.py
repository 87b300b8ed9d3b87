"""Chatwoot over REST: a client, and the sync that lands an account in the warehouse.

check                     whether a tenant's Chatwoot can be read at all
sync                      one sync: what is read, in which order
  surveys, definitions, conversations, contacts, reporting_events, slas      a resource each
  listing                 which conversations to look at, whatever the server's version
  conversation_landing    conversations with their messages, people and SLAs into one transaction
  messages                all messages of a conversation
  display_ids             which conversation a reporting event speaks of
  deletions               what the source no longer has
  work                    what the parts of one sync share
rows, values              from JSON to rows of raw_chatwoot
paging                    reading lists that move and have no tie-breaker
client                    the endpoints
connection                the token, the pace, the retries, what a status means
transport, rate_limit, retry, errors
"""
