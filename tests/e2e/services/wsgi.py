"""The same application under gunicorn. A WSGI server drops header names with underscores and folds dashes into them, so
that it is the dash spelling which arrives, under the name that the SDK wants."""

import json

from asgi import NAMES, reply


def app(environ, start_response):
    came = {name: environ[f"HTTP_{name.upper()}"] for name in NAMES if f"HTTP_{name.upper()}" in environ}
    body = json.dumps(reply(environ["PATH_INFO"], came)).encode()
    start_response("200 OK", [("content-type", "application/json"), ("content-length", str(len(body)))])
    return [body]
