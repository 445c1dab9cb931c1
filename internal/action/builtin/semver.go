package builtin

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"slipway/internal/fault"
)

// version is a release of a tool: 3.11.7, 3.13.0-rc.1.
type version struct {
	major, minor, patch int
	pre                 string // of a prerelease: "rc.1"; "" for a release
	given               int    // how many numbers were written
}

// parseVersion reads 3, 3.11, v20.1.0, 3.13.0rc1, go1.22rc1 and 1.2.3-beta.4.
func parseVersion(s string) (version, bool) {
	s = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(s), "go"), "v")
	s, _, _ = strings.Cut(s, "+")
	var v version
	for _, part := range []*int{&v.major, &v.minor, &v.patch} {
		digits := len(s) - len(strings.TrimLeft(s, "0123456789"))
		if digits == 0 || digits > 9 {
			return version{}, false
		}
		number, err := strconv.Atoi(s[:digits])
		if err != nil {
			return version{}, false
		}
		*part, s = number, s[digits:]
		v.given++
		rest, more := strings.CutPrefix(s, ".")
		if !more || v.given == 3 {
			break
		}
		s = rest
	}
	if s == "" {
		return v, true
	}
	if s[0] == '.' {
		return version{}, false
	}
	s = strings.TrimPrefix(s, "-")
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") != "" || s == "" {
		return version{}, false
	}
	// Python and Go join word and number: rc1 is rc.1.
	if digits := strings.IndexAny(s, "0123456789"); digits > 0 && s[digits-1] != '.' && s[digits-1] != '-' {
		s = s[:digits] + "." + s[digits:]
	}
	v.pre = s
	return v, true
}

// String is the version with all three numbers.
func (v version) String() string {
	s := strconv.Itoa(v.major) + "." + strconv.Itoa(v.minor) + "." + strconv.Itoa(v.patch)
	if v.pre != "" {
		s += "-" + v.pre
	}
	return s
}

// compareVersions orders versions; a prerelease comes before its release.
func compareVersions(a, b version) int {
	if c := cmp.Or(cmp.Compare(a.major, b.major), cmp.Compare(a.minor, b.minor), cmp.Compare(a.patch, b.patch)); c != 0 {
		return c
	}
	switch {
	case a.pre == b.pre:
		return 0
	case a.pre == "":
		return 1
	case b.pre == "":
		return -1
	}
	return comparePre(strings.Split(a.pre, "."), strings.Split(b.pre, "."))
}

func comparePre(a, b []string) int {
	return slices.CompareFunc(a, b, func(x, y string) int {
		m, errX := strconv.Atoi(x)
		n, errY := strconv.Atoi(y)
		switch {
		case errX == nil && errY == nil:
			return cmp.Compare(m, n)
		case errX == nil:
			return -1
		case errY == nil:
			return 1
		}
		return strings.Compare(x, y)
	})
}

// constraint is a version range: any of its alternatives must hold, each of them
// whole. No alternative at all is any version.
type constraint [][]bound

// bound is one comparison.
type bound struct {
	op string // "<", "<=", ">", ">=", "=", "!="
	version
}

// holds reports whether v is in the range. As npm has it, a prerelease is only
// where the range names a prerelease of the same release.
func (c constraint) holds(v version) bool {
	for _, alternative := range c {
		named := v.pre == ""
		all := true
		for _, b := range alternative {
			all = all && b.holds(v)
			named = named || b.pre != "" && b.major == v.major && b.minor == v.minor && b.patch == v.patch
		}
		if all && named {
			return true
		}
	}
	return len(c) == 0 && v.pre == ""
}

func (b bound) holds(v version) bool {
	c := compareVersions(v, b.version)
	switch b.op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	case "!=":
		return c != 0
	}
	return c == 0
}

// parseConstraint reads npm's version ranges (`3.x`, `^1.2 || >=2 <3`, `1.2 - 1.4`)
// and Python's (`>=3.9,<4`, `~=3.9`, `==3.11.*`). Errors: fault.Invalid.
func parseConstraint(s string) (constraint, error) {
	var c constraint
	for alternative := range strings.SplitSeq(s, "||") {
		bounds, ok := parseBounds(alternative)
		if !ok {
			return nil, fault.New(fault.Invalid, "%q is no version or range of versions: expected something like 3.11, 3.x, >=3.9 or ^20.1", s)
		}
		c = append(c, bounds)
	}
	return c, nil
}

func parseBounds(s string) (bounds []bound, ok bool) {
	if from, to, hyphen := strings.Cut(s, " - "); hyphen {
		low, okLow := parseComparison(">=", from)
		high, okHigh := parseComparison("<=", to)
		return append(low, high...), okLow && okHigh
	}
	s = strings.ReplaceAll(s, ",", " ")
	for _, op := range []string{">=", "<=", "==", "!=", "~=", "^", "~", ">", "<", "="} { // a space may follow an operator
		for strings.Contains(s, op+" ") {
			s = strings.ReplaceAll(s, op+" ", op)
		}
	}
	for word := range strings.FieldsSeq(s) {
		op := word[:len(word)-len(strings.TrimLeft(word, "<>=!~^"))]
		more, ok := parseComparison(op, word[len(op):])
		if !ok {
			return nil, false
		}
		bounds = append(bounds, more...)
	}
	return bounds, true
}

// parseComparison turns an operator and a version, whose last numbers may be
// missing or x or *, into plain comparisons.
func parseComparison(op, s string) ([]bound, bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "xX*.") == "" {
		return nil, op != "!=" && op != "<" && op != ">" // any version
	}
	for _, wild := range []string{".x", ".X", ".*"} {
		if i := strings.Index(s, wild); i > 0 {
			s = s[:i]
		}
	}
	v, ok := parseVersion(s)
	if !ok {
		return nil, false
	}
	low, high := v, v.next(v.given)
	whole := v.given == 3
	switch op {
	case "", "=", "==":
		if whole {
			return []bound{{"=", v}}, true
		}
	case "~", "~>":
		high = v.next(min(v.given, 2))
	case "~=": // Python: all but the last number written stay
		high = v.next(max(v.given-1, 1))
	case "^":
		high = v.nextBreaking()
	case ">=":
		return []bound{{">=", v}}, true
	case "<":
		return []bound{{"<", v.lowest()}}, true
	case ">":
		if whole {
			return []bound{{">", v}}, true
		}
		return []bound{{">=", high}}, true
	case "<=":
		if whole {
			return []bound{{"<=", v}}, true
		}
		return []bound{{"<", high}}, true
	case "!=":
		return []bound{{"!=", v}}, whole
	default:
		return nil, false
	}
	return []bound{{">=", low}, {"<", high.lowest()}}, true
}

// next is the first version after all that begin with v's first n numbers.
func (v version) next(n int) version {
	switch n {
	case 1:
		return version{major: v.major + 1}
	case 2:
		return version{major: v.major, minor: v.minor + 1}
	}
	return version{major: v.major, minor: v.minor, patch: v.patch + 1}
}

// nextBreaking is the first version that npm's ^v leaves out.
func (v version) nextBreaking() version {
	switch {
	case v.major > 0 || v.given == 1:
		return v.next(1)
	case v.minor > 0 || v.given == 2:
		return v.next(2)
	}
	return v.next(3)
}

// lowest is v with its prereleases counted as before it.
func (v version) lowest() version {
	if v.pre == "" {
		v.pre = "0"
	}
	return v
}
