"""The US air quality index of fine dust (EPA, 2024 breakpoints)."""

# (lowest and highest PM2.5 of a category, lowest and highest index, its name)
BREAKPOINTS = (
    (0.0, 9.0, 0, 50, "good"),
    (9.1, 35.4, 51, 100, "moderate"),
    (35.5, 55.4, 101, 150, "unhealthy for sensitive groups"),
    (55.5, 125.4, 151, 200, "unhealthy"),
    (125.5, 225.4, 201, 300, "very unhealthy"),
    (225.5, 325.4, 301, 500, "hazardous"),
)


def index(pm25: float) -> tuple[int, str]:
    """Return the index of a 24-hour mean and its category; 500 is the end of the scale."""
    value = int(pm25 * 10) / 10  # the EPA cuts off after one decimal
    for low, high, index_low, index_high, name in BREAKPOINTS:
        if value <= high:
            share = (max(value, low) - low) / (high - low)
            return round(index_low + share * (index_high - index_low)), name
    return 500, "hazardous"
