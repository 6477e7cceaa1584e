"""The WSGI application for gunicorn: `gunicorn wsgi:app`, with settings from the environment."""

from service import create_app
from service.config import load
from service.data_dir import complete
from service.logs import configure

settings = complete(load())
configure(settings.log_level)
app = create_app(settings)
# Before there are several processes, so that they share the model's memory.
app.extensions["moderation"].scorer.current()
