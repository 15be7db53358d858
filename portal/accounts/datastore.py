"""Where Flask-Security keeps people and roles."""

from flask_security import SQLAlchemyUserDatastore

from portal.accounts.models import Role, User
from portal.db import db

datastore = SQLAlchemyUserDatastore(db, User, Role)
