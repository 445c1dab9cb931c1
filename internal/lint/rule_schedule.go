package lint

import (
	"strconv"
	"strings"
	"time"
)

var schedule = rule{
	Rule: Rule{"schedule", "A schedule that starts nothing, or more often than GitHub does, or in no time zone"},
	workflow: func(p *pass) {
		for _, e := range p.workflow.On.Events {
			if e.Name == "schedule" && len(e.Schedules) == 0 {
				p.report(p.source.at(e.Pos), "'schedule' without a list of cron lines starts nothing")
			}
			for _, s := range e.Config.Items() {
				cron, zone := s.Lookup("cron"), s.Lookup("timezone")
				if n := minutesApart(cron.Str()); n > 0 && n < 5 {
					p.report(p.source.scalar(cron), "'%s' asks for a run every %s, and GitHub starts scheduled runs at most every 5 minutes", cron.Str(), minutes(n))
				}
				if zone.Str() != "" && !isTimeZone(zone.Str()) {
					p.report(p.source.scalar(zone), "there is no time zone '%s'; it takes an IANA name, such as 'Europe/Berlin' or 'UTC'", zone.Str())
				}
			}
		}
	},
}

// isTimeZone says whether an IANA time zone exists. Where this machine has no
// time zones at all, every one does.
func isTimeZone(name string) bool {
	if _, err := time.LoadLocation("Europe/Berlin"); err != nil {
		return true
	}
	_, err := time.LoadLocation(name)
	return err == nil && name != "Local"
}

func minutes(n int) string {
	if n == 1 {
		return "minute"
	}
	return strconv.Itoa(n) + " minutes"
}

// minutesApart is the smallest distance between two minutes of the first
// field of a cron line; 0 when there is only one, or when it isn't understood.
func minutesApart(cron string) int {
	fields := strings.Fields(cron)
	if len(fields) != 5 {
		return 0
	}
	var at [60]bool
	for part := range strings.SplitSeq(fields[0], ",") {
		span, every, stepped := strings.Cut(part, "/")
		first, last := 0, 59
		if span != "*" {
			a, b, isRange := strings.Cut(span, "-")
			first = minute(a)
			switch {
			case isRange:
				last = minute(b)
			case !stepped:
				last = first
			}
		}
		step := 1
		if stepped {
			step, _ = strconv.Atoi(every)
		}
		if first < 0 || last < first || step < 1 {
			return 0
		}
		for m := first; m <= last; m += step {
			at[m] = true
		}
	}
	return closest(at)
}

// minute reads a minute of the hour, or -1.
func minute(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 59 {
		return -1
	}
	return n
}

// closest is the smallest distance between two set minutes, around the hour.
func closest(at [60]bool) int {
	first, before, best := -1, -1, 60
	for m, set := range at {
		if !set {
			continue
		}
		if before >= 0 {
			best = min(best, m-before)
		} else {
			first = m
		}
		before = m
	}
	if before == first {
		return 0
	}
	return min(best, first+60-before)
}
