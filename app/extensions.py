"""Extension objects, unbound; `create_app()` binds them."""

from flask_compress import Compress
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf.csrf import CSRFProtect

from app.database import db

compress = Compress()
csrf = CSRFProtect()
login_manager = LoginManager()
migrate = Migrate()

__all__ = ["compress", "csrf", "db", "login_manager", "migrate"]
