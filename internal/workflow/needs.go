package workflow

// needsGraph finds the jobs that can never start.
type needsGraph struct {
	jobs       []*Job
	index      map[string]int // of jobs, by their ids
	dependents [][]int        // by job, those that need it; once for each time they say so
	waiting    []int          // by job, how many of its needs are not met
}

func newNeedsGraph(jobs []*Job) *needsGraph {
	g := &needsGraph{
		jobs:       jobs,
		index:      make(map[string]int, len(jobs)),
		dependents: make([][]int, len(jobs)),
		waiting:    make([]int, len(jobs)),
	}
	for i, job := range jobs {
		g.index[foldKey(job.ID)] = i
	}
	for i, job := range jobs {
		g.waiting[i] = len(job.Needs)
		for _, need := range job.Needs {
			if on, ok := g.find(need); ok {
				g.dependents[on] = append(g.dependents[on], i)
			}
		}
	}
	return g
}

// find returns the index of the job that need names.
func (g *needsGraph) find(need *Token) (int, bool) {
	i, ok := g.index[foldKey(need.Str())]
	return i, ok
}

// settle lets every job run whose needs have run. What waits then, waits for ever.
func (g *needsGraph) settle() {
	var ready []int
	for i := range g.jobs {
		if g.waiting[i] == 0 {
			ready = append(ready, i)
		}
	}
	for n := 0; n < len(ready); n++ {
		for _, i := range g.dependents[ready[n]] {
			if g.waiting[i]--; g.waiting[i] == 0 {
				ready = append(ready, i)
			}
		}
	}
}

// report says for each need that is never met why that is.
func (g *needsGraph) report(errs *errorList) {
	for i, job := range g.jobs {
		if g.waiting[i] == 0 {
			continue
		}
		for _, need := range job.Needs {
			on, known := g.find(need)
			switch {
			case !known:
				errs.fail(need, "Job '"+job.ID+"' depends on unknown job '"+need.Str()+"'.")
			case g.waiting[on] > 0:
				errs.fail(need, "Job '"+job.ID+"' depends on job '"+need.Str()+"' which creates a cycle in the dependency graph.")
			}
		}
	}
}
