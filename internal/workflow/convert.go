package workflow

// workflowConverter turns the tokens of one file, which fit the schema, into
// the model, and checks what a schema cannot say. It follows GitHub's
// WorkflowTemplateConverter.cs, and converter/*.ts of actions/languageservices
// for what only that checks: triggers and background steps. Triggers, jobs and
// steps have converters of their own.
type workflowConverter struct {
	*errorList
	calledBy *Job // the job that calls the file; nil for the first file
}

func (c workflowConverter) convert(file string, root *Token) *Workflow {
	w := &Workflow{File: file, On: &Triggers{}}
	if !c.expect(root, TokenMapping, "root") {
		return w
	}
	for key, value := range root.Pairs() {
		switch key.Str() {
		case "on":
			w.On, w.Call = c.triggers(value)
		case "name":
			w.Name = value.Str()
		case "run-name":
			w.RunName = value
		case "env":
			w.Env = value
		case "defaults":
			w.Defaults = value
		case "concurrency":
			literalCheck{c.errorList}.concurrency(value)
			w.Concurrency = value
		case "permissions":
			w.Permissions = newPermissions(value)
		case "jobs":
			w.Jobs = c.jobs(value)
		}
	}
	return w
}

// triggers reads `on:`, and checks there that the file may be called as it is.
func (c workflowConverter) triggers(t *Token) (*Triggers, *CallInterface) {
	on := triggerConverter{errorList: c.errorList}
	on.convert(t)
	if c.calledBy != nil {
		callCheck{c.errorList, c.calledBy.Uses}.against(on.call, t)
	}
	return &Triggers{Events: on.events}, on.call
}

func (c workflowConverter) jobs(t *Token) []*Job {
	jobs := make([]*Job, 0, t.Len())
	slab := make([]Job, t.Len())
	for key, value := range t.Pairs() {
		job := jobConverter{c.errorList, &slab[len(jobs)]}
		if job.convert(key, value) {
			jobs = append(jobs, job.job)
		}
	}
	if !c.failed() {
		c.needs(t, jobs)
	}
	return jobs
}

// needs checks that every job can start some day.
func (c workflowConverter) needs(t *Token, jobs []*Job) {
	free := 0
	for _, job := range jobs {
		if len(job.Needs) == 0 {
			free++
		}
	}
	switch free {
	case 0:
		c.fail(t, "The workflow must contain at least one job with no dependencies.")
	case len(jobs):
	default:
		graph := newNeedsGraph(jobs)
		graph.settle()
		graph.report(c.errorList)
	}
}
