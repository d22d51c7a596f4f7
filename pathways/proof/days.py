"""Wall-clock times of a scenario, written `day 3 21:40`: day 0 is the date of enrolment in the patient's zone."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from pathways.language.schedule import at_local, days_since, zone_named

_WRITTEN = re.compile(r"day (-?[0-9]{1,5}) (([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The days of a journey, counted from its enrolment."""

    enrolled: datetime
    zone: str

    def instant(self, text: str) -> datetime:
        """The instant of `day N HH:MM` or `day N HH:MM:SS`; ValueError for anything else."""
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ValueError(f"'{text}' is not a time of the play")
        try:
            noon = datetime.combine(self.enrolled.astimezone(zone_named(self.zone)).date(), time(12))
            day_of = (noon + timedelta(days=int(found[1]))).replace(tzinfo=zone_named(self.zone))
            return at_local(day_of, time.fromisoformat(found[2]), self.zone)
        except OverflowError:
            raise ValueError(f"'{text}' leaves the calendar") from None

    def written(self, at: datetime) -> str:
        """The instant as a scenario has it, with seconds where there are any."""
        clock = f"{at.astimezone(zone_named(self.zone)):%H:%M:%S}".removesuffix(":00")
        return f"day {days_since(self.enrolled, at, self.zone)} {clock}"
