"""Settings of the generic gateway for the simulator's plain dialect; also in docs/gateways.md."""


def options(url: str, secret: str) -> dict[str, str]:
    return {
        "url": f"{url}/messages",
        "body": '{"to": "{to}", "from": "{line}", "text": "{text}", "reference": "{id}"}',
        "header": "X-Api-Key",
        "secret": secret,
        "success_pointer": "/status",
        "success_value": "accepted",
        "id_pointer": "/id",
        "error_pointer": "/code",
        "errors": "permanent=413,422;blocked=409;pause=402;stop_campaign=403;retry=503",
        "status_url": f"{url}/messages/{{message_id}}",
        "status_pointer": "/state",
        "states": "accepted=QUEUED;at_operator=SENT;delivered=DELIVRD;undelivered=UNDELIV;"
        "blocked=BLOCKED;failed=FAILED",
        "find_url": f"{url}/references/{{id}}",
        "find_missing": "404",
        "callback_id": "id",
        "callback_state": "state",
    }
