"""The WSGI application; `python wsgi.py` serves it with waitress. Nothing else."""

from app.start import make_app, serve

app = make_app()

if __name__ == "__main__":
    serve(app)
