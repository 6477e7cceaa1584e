"""The WSGI application for gunicorn: `gunicorn wsgi:app`, with settings from the environment."""

import gc
import os

from service import create_app
from service.config import load
from service.data_dir import complete
from service.logs import configure
from service.process import READY
from service.shedding import shed

settings = complete(load())
configure(settings.log_level)
app = create_app(settings)
app.wsgi_app = shed(app.wsgi_app)  # type: ignore[assignment, method-assign]  # Flask's own way
# Before there are several processes, so that they share the model's memory.
app.extensions["moderation"].scorer.current()
# What is loaded by now stays: no process shall look through all of it again, least of all when it ends.
gc.collect()
gc.freeze()
# Whoever started us beside an earlier version ends that one now.
if ready := os.environ.pop(READY, ""):
    os.write(int(ready), b"1")
    os.close(int(ready))
