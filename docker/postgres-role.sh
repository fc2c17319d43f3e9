#!/bin/sh
# Run once by the image of PostgreSQL, when it makes the database: the role that the program itself signs in with. It
# owns nothing and can only append to the audit; the program's owner_url makes and changes the tables.
psql --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" --set=ON_ERROR_STOP=1 --quiet \
    --set=password="$(cat /run/secrets/postgres-app-password)" <<'SQL'
CREATE ROLE secondline_app LOGIN PASSWORD :'password';
SQL
