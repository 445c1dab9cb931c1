package action

import (
	"errors"
	"fmt"
	"strings"

	"slipway/internal/fault"
	"slipway/internal/gitrepo"
)

// attempts are the places where something was looked for in vain, and why.
type attempts []attempt

type attempt struct {
	place string // without credentials
	err   error
}

// Error makes attempts the cause of the error that tells of them.
func (a attempts) Error() string { return a.short() }

func (a *attempts) add(place string, err error) {
	*a = append(*a, attempt{place: gitrepo.Redact(place), err: err})
}

// someoneSilent reports whether a place could not be asked: another answer is
// possible another time.
func (a attempts) someoneSilent() bool {
	for _, t := range a {
		if t.silent() {
			return true
		}
	}
	return false
}

func (t attempt) silent() bool {
	return errors.Is(t.err, errOffline) || gitrepo.Unreachable(t.err)
}

// reason is one line of why.
func (t attempt) reason() string {
	lines := strings.Split(strings.TrimSpace(t.err.Error()), "\n")
	for _, line := range lines { // git says much; what counts is what it calls fatal
		if _, fatal, ok := strings.Cut(line, "fatal: "); ok {
			return fatal
		}
	}
	return lines[0]
}

// short is all of it on one line.
func (a attempts) short() string {
	parts := make([]string, len(a))
	for i, t := range a {
		parts[i] = t.place + ": " + t.reason()
	}
	return strings.Join(parts, "; ")
}

// fail is the error that tells of all attempts, in GitHub's words where it has
// some: fault.NotFound when everyone who knows was asked, else fault.Upstream.
func (a attempts) fail(ref reference) error {
	var list strings.Builder
	hasRepository := false
	for _, t := range a {
		fmt.Fprintf(&list, "\n  %s: %s", t.place, t.reason())
		hasRepository = hasRepository || fault.CodeOf(t.err) == fault.NotFound
	}
	code, what := fault.NotFound, fmt.Sprintf("Unable to resolve action `%s`, repository not found", ref.Name())
	switch {
	case hasRepository && looksShort(ref.Ref):
		what = fmt.Sprintf("Unable to resolve action `%s`, the provided ref `%s` is the shortened version of a commit SHA, which is not supported. Please use the full commit SHA instead", ref, ref.Ref)
	case hasRepository:
		what = fmt.Sprintf("Unable to resolve action `%s`, unable to find version `%s`", ref, ref.Ref)
	case a.someoneSilent():
		code, what = fault.Upstream, fmt.Sprintf("Unable to resolve action `%s`, and not everyone could be asked", ref)
	}
	return &fault.Error{Code: code, Cause: a, Message: fmt.Sprintf("%s. Tried, in this order:%s\nCheck the spelling, or name a mirror that has it: --actions 'file:///srv/actions/{owner}/{repo}.git'", what, list.String())}
}

// looksShort reports whether a ref is likely a shortened commit.
func looksShort(ref string) bool {
	return len(ref) >= 7 && len(ref) < 40 && strings.Trim(ref, "0123456789abcdef") == ""
}
