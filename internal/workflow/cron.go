package workflow

import (
	"strconv"
	"strings"
)

// cronField is one of the five fields of a schedule.
type cronField struct {
	min, max int
	names    []string // three letters each; the first stands for min
}

var cronFields = [...]cronField{
	{min: 0, max: 59},
	{min: 0, max: 23},
	{min: 1, max: 31},
	{min: 1, max: 12, names: []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{min: 0, max: 6, names: []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

// ValidCron reports whether GitHub accepts spec as a schedule: five fields
// (minute, hour, day, month, weekday) of `*`, numbers, names of months and
// weekdays, ranges, steps and lists; no macros such as @daily.
func ValidCron(spec string) bool {
	fields := strings.FieldsFunc(spec, func(r rune) bool { return r == ' ' })
	if len(fields) != len(cronFields) || strings.HasPrefix(spec, " ") || strings.HasSuffix(spec, " ") {
		return false
	}
	for i, field := range fields {
		for part := range strings.SplitSeq(field, ",") {
			if !cronFields[i].validPart(part) {
				return false
			}
		}
	}
	return true
}

// validPart checks `*`, `a`, `a-b`, and each of them with `/step`.
func (f cronField) validPart(part string) bool {
	start, step, hasStep := strings.Cut(part, "/")
	if hasStep {
		// GitHub checks a step like a value of the field; one of 0 never
		// gets anywhere, and a name is no number.
		n, err := strconv.Atoi(step)
		if err != nil || !allDigits(step, '9') || n < max(f.min, 1) || n > f.max {
			return false
		}
	}
	if start == "*" {
		return true
	}
	from, to, isRange := strings.Cut(start, "-")
	low, ok := f.number(from)
	if !ok || low < f.min || low > f.max {
		return false
	}
	if !isRange {
		return true
	}
	high, ok := f.number(to)
	return ok && high >= low && high <= f.max
}

// number returns the value of a number or name.
func (f cronField) number(s string) (int, bool) {
	for i, name := range f.names {
		if strings.EqualFold(s, name) {
			return f.min + i, true
		}
	}
	if !allDigits(s, '9') {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}
