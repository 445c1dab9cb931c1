package workflow

import "strings"

const (
	maxIDLength = 100
	maxAttempts = 1000
)

// idBuilder keeps the ids of one scope apart and makes up missing ones, as
// GitHub's IdBuilder.cs does.
type idBuilder struct {
	taken foldSet
	tries map[string]int // how often each made-up id was tried; shared with parallel groups
}

// known takes an id the file gives. It says what is wrong with it, or "".
func (b *idBuilder) known(id string) string {
	if problem := idProblem(id); problem != "" {
		return problem
	}
	if !b.taken.add(id) {
		return "The identifier '" + id + "' may not be used more than once within the same scope."
	}
	return ""
}

// idProblem says what is wrong with an id wherever it stands, or "".
func idProblem(id string) string {
	switch {
	case !validID(id):
		// "and and" is what GitHub prints.
		return "The identifier '" + id + "' is invalid. IDs may only contain alphanumeric characters, '_', and '-'. IDs must start with a letter or '_' and and must be less than " + itoa(maxIDLength) + " characters."
	case strings.HasPrefix(id, "__"):
		return "The identifier '" + id + "' is invalid. IDs starting with '__' are reserved."
	}
	return ""
}

func validID(id string) bool {
	if id == "" || len(id) >= maxIDLength || !isLetter(id[0]) && id[0] != '_' {
		return false
	}
	for i := 1; i < len(id); i++ {
		if !isIDByte(id[i]) {
			return false
		}
	}
	return true
}

// generate makes an id of name that nothing in the scope has: "run" becomes
// "__run", then "__run_2". It returns "" when a thousand are taken.
func (b *idBuilder) generate(name string) string {
	base := "__" + idText(name)
	for attempt := b.tries[base] + 1; attempt < maxAttempts; attempt++ {
		suffix := ""
		if attempt > 1 {
			suffix = "_" + itoa(attempt)
		}
		id := base[:min(len(base), maxIDLength-len(suffix))] + suffix
		if b.taken.add(id) {
			if b.tries == nil {
				b.tries = map[string]int{}
			}
			b.tries[base] = attempt
			return id
		}
	}
	return ""
}

// idText replaces what may not be in an id.
func idText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && isIDByte(byte(r)) {
			return r
		}
		return '_'
	}, s)
}

func isIDByte(c byte) bool {
	return isLetter(c) || c >= '0' && c <= '9' || c == '_' || c == '-'
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
