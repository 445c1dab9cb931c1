package workflow

// jobConverter fills a job from one entry of `jobs:`.
type jobConverter struct {
	*errorList
	job *Job
}

// convert reports whether there is a job at all.
func (c jobConverter) convert(key, t *Token) bool {
	if !c.expect(t, TokenMapping, "jobs value") {
		return false
	}
	j := c.job
	j.ID, j.Pos = key.Str(), key.Pos()
	if problem := idProblem(j.ID); problem != "" {
		c.fail(key, problem)
	}
	for key, value := range t.Pairs() {
		c.property(key.Str(), value)
	}
	if j.Uses != nil && j.Uses.Ref == nil {
		j.Uses = nil // `with` or `secrets` without `uses`: the schema has said so
	}
	return true
}

func (c jobConverter) property(name string, value *Token) {
	j, check := c.job, literalCheck{c.errorList}
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
		j.Permissions = newPermissions(value)
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
		check.concurrency(value)
		j.Concurrency = value
	case "env":
		j.Env = value
	case "environment":
		j.Environment = value
	case "defaults":
		j.Defaults = value
	case "runs-on":
		check.runsOn(value)
		j.RunsOn = value
	case "container":
		check.container(value, false)
		j.Container = value
	case "services":
		for _, service := range value.Pairs() {
			check.container(service, true)
		}
		j.Services = value
	case "outputs":
		j.Outputs = value
	case "snapshot":
		check.snapshot(value)
		j.Snapshot = value
	case "steps":
		j.Steps = newSteps(value, c.errorList)
	case "uses", "with", "secrets":
		c.call(name, value)
	}
}

// call sets what only a job that calls a workflow has.
func (c jobConverter) call(name string, value *Token) {
	if c.job.Uses == nil {
		c.job.Uses = &Uses{}
	}
	call := c.job.Uses
	switch name {
	case "uses":
		if c.expect(value, TokenString, "job uses value") {
			call.Ref = value
		}
	case "with":
		if c.expect(value, TokenMapping, "uses-with value") {
			call.With = value
		}
	case "secrets":
		if value.Kind() == TokenString && value.text == "inherit" {
			call.InheritSecrets = true
		} else if c.expect(value, TokenMapping, "uses-secrets value") {
			call.Secrets = value
		}
	}
}

// strategy checks what of the matrix is literal.
func (c jobConverter) strategy(t *Token) {
	matrix := t.Lookup("matrix")
	if matrix.Kind() != TokenMapping {
		return
	}
	check := matrixCheck{c.errorList, matrix}
	check.vectors()
	if t.IsLiteral() {
		check.include()
		check.exclude()
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
