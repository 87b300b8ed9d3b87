"""A Chatwoot-compatible HTTP server over pretend accounts.

    with SandboxServer(world) as server:             # in this process, tests
        requests.get(server.base_url("boxcentral") + "/api/v1/profile", headers={"api_access_token": ...})
        server.advance(hours=6)
        server.misbehave("boxcentral", "throttle", count=3)
        server.installation("boxcentral").traffic.requests

    process = start_process(state_dir)               # in one of its own, the demo (client.py)
    SandboxClient(state_dir).advance(hours=6)

A request's way: protocol (the connection) -> app (routes) -> endpoint (throttle, fault, token) -> a handler, which
finds rows through index and finder and shows them through serializers.
"""
