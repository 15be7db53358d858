"""A simulated SMS gateway: a small HTTP process that speaks the dialect of one.

    python -m portal.messaging.simulator --port 8025 --data ledger.sqlite --api-key KEY

It keeps a ledger of every accepted SMS, so that a test or a demonstration can count what really
went out, and shows every simulated handset under /sim/ (to callers on this machine only).
"""
