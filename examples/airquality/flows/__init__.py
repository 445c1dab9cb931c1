"""Air quality: readings of fine dust, cleaned and summed up by station."""
