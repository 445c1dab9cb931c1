package trigger

import "strings"

// included applies the patterns in order, as GitHub does for branches, tags
// and paths: a match includes, a match of a `!` pattern excludes again, the
// last match wins. Nothing is included by `!` patterns alone.
func included(patterns []string, name string) bool {
	in := false
	for _, pattern := range patterns {
		if negated, ok := strings.CutPrefix(pattern, "!"); ok {
			if in && matchGlob(negated, name) {
				in = false
			}
		} else if !in {
			in = matchGlob(pattern, name)
		}
	}
	return in
}

// anyIncluded reports whether at least one name is included.
func anyIncluded(patterns, names []string) bool {
	for _, name := range names {
		if included(patterns, name) {
			return true
		}
	}
	return false
}

// allIncluded reports whether there are names and every one is included.
func allIncluded(patterns, names []string) bool {
	for _, name := range names {
		if !included(patterns, name) {
			return false
		}
	}
	return len(names) > 0
}
