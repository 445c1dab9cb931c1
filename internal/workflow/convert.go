package workflow

// converter turns the tokens of one file, which fit the schema, into the
// model, and checks what a schema cannot say. It follows GitHub's
// WorkflowTemplateConverter.cs, and converter/*.ts of actions/languageservices
// for what only that checks: triggers and background steps.
type converter struct {
	errors   *errorList
	calledBy *Job // the job that calls the file; nil for the first file
}

func (c *converter) fail(t *Token, message string) { c.errors.add(t.Pos(), message) }

// expect reports whether t is of the kind; GitHub's message names what was read.
func (c *converter) expect(t *Token, kind TokenKind, reading string) bool {
	if t.Kind() == kind {
		return true
	}
	c.fail(t, "Unexpected type '"+t.Kind().String()+"' encountered while reading '"+reading+"'. The type '"+kind.String()+"' was expected.")
	return false
}

func (c *converter) workflow(file string, root *Token) *Workflow {
	w := &Workflow{File: file, On: &Triggers{}}
	if !c.expect(root, TokenMapping, "root") {
		return w
	}
	for key, value := range root.Pairs() {
		switch key.Str() {
		case "on":
			w.On, w.Call = c.triggers(value)
			if c.calledBy != nil {
				c.callOf(c.calledBy, w.Call, value)
			}
		case "name":
			w.Name = value.Str()
		case "run-name":
			w.RunName = value
		case "env":
			w.Env = value
		case "defaults":
			w.Defaults = value
		case "concurrency":
			c.concurrency(value)
			w.Concurrency = value
		case "permissions":
			w.Permissions = c.permissions(value)
		case "jobs":
			w.Jobs = c.jobs(value)
		}
	}
	return w
}

func (c *converter) jobs(t *Token) []*Job {
	jobs := make([]*Job, 0, t.Len())
	slab := make([]Job, t.Len())
	for key, value := range t.Pairs() {
		job := &slab[len(jobs)]
		if c.job(job, key, value) {
			jobs = append(jobs, job)
		}
	}
	if len(c.errors.errors) == 0 {
		c.needs(t, jobs)
	}
	return jobs
}

// needs checks that every job can start some day.
func (c *converter) needs(t *Token, jobs []*Job) {
	index := make(map[string]int, len(jobs))
	for i, job := range jobs {
		index[foldKey(job.ID)] = i
	}
	waiting := make([]int, len(jobs)) // needs not met yet, by job
	dependents := make([][]int, len(jobs))
	var ready []int
	for i, job := range jobs {
		waiting[i] = len(job.Needs)
		for _, need := range job.Needs {
			if on, ok := index[foldKey(need.Str())]; ok {
				dependents[on] = append(dependents[on], i)
			}
		}
		if len(job.Needs) == 0 {
			ready = append(ready, i)
		}
	}
	if len(ready) == 0 {
		c.fail(t, "The workflow must contain at least one job with no dependencies.")
		return
	}
	for n := 0; n < len(ready); n++ {
		for _, i := range dependents[ready[n]] {
			if waiting[i]--; waiting[i] == 0 {
				ready = append(ready, i)
			}
		}
	}
	if len(ready) == len(jobs) {
		return
	}
	for i, job := range jobs {
		for _, need := range job.Needs {
			on, known := index[foldKey(need.Str())]
			switch {
			case !known:
				c.fail(need, "Job '"+job.ID+"' depends on unknown job '"+need.Str()+"'.")
			case waiting[i] > 0 && waiting[on] > 0:
				c.fail(need, "Job '"+job.ID+"' depends on job '"+need.Str()+"' which creates a cycle in the dependency graph.")
			}
		}
	}
}

// concurrency checks what of `concurrency:` is literal.
func (c *converter) concurrency(t *Token) {
	const tooLong = 400
	group := t
	if t.Kind() == TokenMapping {
		for key := range t.Pairs() {
			if !c.expect(key, TokenString, "concurrency key") {
				return
			}
		}
		group = t.Lookup("group")
	}
	if group.Kind() == TokenString && utf16Len(group.text) > tooLong {
		c.fail(t, "Concurrency group name must be less than 400 characters")
	}
}
