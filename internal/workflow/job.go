package workflow

import (
	"strconv"
	"strings"
)

const dockerPrefix = "docker://"

// job fills j from one entry of `jobs:`. It reports whether it could.
func (c *converter) job(j *Job, key, t *Token) bool {
	if !c.expect(t, TokenMapping, "jobs value") {
		return false
	}
	j.ID, j.Pos = key.Str(), key.Pos()
	var ids idBuilder
	if problem := ids.known(j.ID); problem != "" {
		c.fail(key, problem)
	}
	for key, value := range t.Pairs() {
		if !c.callProperty(j, key.Str(), value) {
			c.jobProperty(j, key.Str(), value)
		}
	}
	if j.Uses != nil && j.Uses.Ref == nil {
		j.Uses = nil // `with` or `secrets` without `uses`: the schema has said so
	}
	return true
}

// callProperty sets what only a job that calls a workflow has.
func (c *converter) callProperty(j *Job, name string, value *Token) bool {
	switch name {
	case "uses", "with", "secrets":
	default:
		return false
	}
	if j.Uses == nil {
		j.Uses = &Uses{}
	}
	switch name {
	case "uses":
		if c.expect(value, TokenString, "job uses value") {
			j.Uses.Ref = value
		}
	case "with":
		if c.expect(value, TokenMapping, "uses-with value") {
			j.Uses.With = value
		}
	case "secrets":
		if value.Kind() == TokenString && value.text == "inherit" {
			j.Uses.InheritSecrets = true
		} else if c.expect(value, TokenMapping, "uses-secrets value") {
			j.Uses.Secrets = value
		}
	}
	return true
}

func (c *converter) jobProperty(j *Job, name string, value *Token) {
	switch name {
	case "name":
		j.Name = value
		if value.Kind() == TokenString && value.text == "" {
			j.Name = nil
		}
	case "needs":
		j.Needs = stringTokens(value)
	case "if":
		j.If = condition(value)
	case "permissions":
		j.Permissions = c.permissions(value)
	case "strategy":
		c.strategy(value)
		j.Strategy = value
	case "continue-on-error":
		j.ContinueOnError = value
	case "timeout-minutes":
		j.TimeoutMinutes = value
	case "cancel-timeout-minutes":
		j.CancelTimeoutMinutes = value
	case "concurrency":
		c.concurrency(value)
		j.Concurrency = value
	case "env":
		j.Env = value
	case "environment":
		c.environment(value)
		j.Environment = value
	case "defaults":
		j.Defaults = value
	case "runs-on":
		c.runsOn(value)
		j.RunsOn = value
	case "container":
		c.container(value, false)
		j.Container = value
	case "services":
		for _, service := range value.Pairs() {
			c.container(service, true)
		}
		j.Services = value
	case "outputs":
		j.Outputs = value
	case "snapshot":
		c.snapshot(value)
		j.Snapshot = value
	case "steps":
		j.Steps = c.steps(value)
	}
}

// condition returns the expression of an `if:`, or nil where there is none.
func condition(t *Token) *Token {
	if t.Kind() != TokenExpression {
		return nil
	}
	return t
}

// stringTokens returns a string, or the strings of a sequence, as a list.
func stringTokens(t *Token) []*Token {
	if t.Kind() == TokenString {
		return []*Token{t}
	}
	return t.Items()
}

// environment checks that the keys of `environment:` are literal.
func (c *converter) environment(t *Token) {
	for key := range t.Pairs() {
		c.expect(key, TokenString, "job environment key")
	}
}

// runsOn checks the name of a runner group.
func (c *converter) runsOn(t *Token) {
	for key := range t.Pairs() {
		if !c.expect(key, TokenString, "job runs-on property name") {
			return
		}
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
func (c *converter) container(t *Token, service bool) {
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
func (c *converter) snapshot(t *Token) {
	for key := range t.Pairs() {
		if !c.expect(key, TokenString, "job snapshot key") {
			return
		}
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

// strategy checks what of the matrix is literal (MatrixBuilder.cs).
func (c *converter) strategy(t *Token) {
	matrix := t.Lookup("matrix")
	if matrix.Kind() != TokenMapping {
		return
	}
	hasVector, hasInclude := false, false
	for key, value := range matrix.Pairs() {
		if key.Kind() != TokenString {
			hasVector = true // an expression may give one
			continue
		}
		literal := value.IsLiteral()
		switch key.text {
		case "include":
			hasInclude = !literal || value.Len() > 0
		case "exclude":
		default:
			hasVector = true
			if literal && c.expect(value, TokenSequence, "matrix vector value") && value.Len() == 0 {
				c.fail(value, "Matrix vector '"+key.text+"' does not contain any values")
			}
		}
	}
	if !hasVector && !hasInclude {
		c.fail(matrix, "Matrix must define at least one vector")
	}
	if t.IsLiteral() {
		c.matrixFilters(matrix)
	}
}

// matrixFilters checks `include` and `exclude` of a matrix without expressions.
func (c *converter) matrixFilters(matrix *Token) {
	for _, item := range matrix.Lookup("include").Items() {
		if c.expect(item, TokenMapping, "matrix includes item") && item.Len() == 0 {
			c.fail(item, "Matrix include mapping does not contain any values")
		}
	}
	for _, item := range matrix.Lookup("exclude").Items() {
		if !c.expect(item, TokenMapping, "matrix excludes item") {
			continue
		}
		if item.Len() == 0 {
			c.fail(item, "Matrix exclude filter must not be empty")
		}
		for key := range item.Pairs() {
			if vector := matrix.Lookup(key.Str()); vector == nil || foldKey(key.Str()) == "include" || foldKey(key.Str()) == "exclude" {
				c.fail(key, "Matrix exclude key '"+key.Str()+"' does not match any key within the matrix")
			}
		}
	}
}
