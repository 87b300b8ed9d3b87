"""How the future is estimated: DataFrame in, DataFrame out. No Dagster, no database."""
