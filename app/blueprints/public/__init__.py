"""The public door: what anyone may open. A table of contents; every section is a module."""

from flask import Blueprint

from app.blueprints.public import activations, communes, health, home, legal, passwords, sign_in, sign_ups

public = Blueprint("public", __name__)

for _section in (home, sign_in, sign_ups, activations, passwords, communes, legal, health):
    public.register_blueprint(_section.blueprint)
