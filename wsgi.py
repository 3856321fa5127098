"""The WSGI application; `python wsgi.py` serves it with waitress. Nothing else."""

import gc

# All that a start reads stays: looking for garbage in it takes a tenth of the start, and at the end as long as a third.
gc.disable()
from app.start import make_app, serve  # noqa: E402

app = make_app()
gc.freeze()
gc.enable()

if __name__ == "__main__":
    serve(app)
