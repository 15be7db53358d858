"""One question to whoever's matter was closed. It learns of that by a signal, from whomever."""
