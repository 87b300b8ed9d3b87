"""The dbt project, run by dbt on a real PostgreSQL."""
