package workflow

import (
	"strconv"
	"strings"
)

const dockerPrefix = "docker://"

// literalCheck checks properties that are evaluated when the run is known, as
// far as the file already says what they will be.
type literalCheck struct{ *errorList }

func (c literalCheck) concurrency(t *Token) {
	group := t
	if t.Kind() == TokenMapping {
		if !c.literalKeys(t, "concurrency key") {
			return
		}
		group = t.Lookup("group")
	}
	if group.Kind() == TokenString && utf16Len(group.text) > maxGroupLength {
		c.fail(t, "Concurrency group name must be less than 400 characters")
	}
}

// literalKeys reports whether every key of t is a string. GitHub complains
// about the first that isn't.
func (c literalCheck) literalKeys(t *Token, reading string) bool {
	for key := range t.Pairs() {
		if !c.expect(key, TokenString, reading) {
			return false
		}
	}
	return true
}

// runsOn checks the name of a runner group.
func (c literalCheck) runsOn(t *Token) {
	if !c.literalKeys(t, "job runs-on property name") {
		return
	}
	group := t.Lookup("group")
	if group.Kind() != TokenString {
		return
	}
	const use = ". Please use 'organization/' or 'enterprise/' prefix to target a single runner group."
	problem := "Invalid runs-on group name '" + group.text + "'"
	owner, name, slash := strings.Cut(group.text, "/")
	switch {
	case !slash:
	case name == "":
		c.fail(group, problem+".")
	case strings.Contains(name, "/"):
		c.fail(group, problem+use)
	default:
		switch owner {
		case "org", "organization", "ent", "enterprise":
		default:
			c.fail(group, problem+use)
		}
	}
}

// container checks that a container or service has an image, unless an
// expression may still say so.
func (c literalCheck) container(t *Token, service bool) {
	if !t.IsLiteral() {
		return
	}
	const problem = "Container image cannot be empty"
	switch t.Kind() {
	case TokenString:
		image, docker := strings.CutPrefix(t.text, dockerPrefix)
		if image == "" && (docker || service) {
			c.fail(t, problem)
		}
	case TokenMapping:
		if image := t.Lookup("image"); image == nil || strings.TrimPrefix(image.Str(), dockerPrefix) == "" {
			c.fail(t, problem)
		}
	}
}

// snapshot checks the version of the image to make.
func (c literalCheck) snapshot(t *Token) {
	if !c.literalKeys(t, "job snapshot key") {
		return
	}
	version := t.Lookup("version")
	if version.Kind() != TokenString {
		return
	}
	major, minor, ok := strings.Cut(version.text, ".")
	if _, err := strconv.ParseInt(major, 10, 32); !ok || minor != "*" || err != nil || !allDigits(major, '9') {
		c.fail(t, "Expected format '{major-version}.*' Actual '"+version.text+"'")
	}
}
