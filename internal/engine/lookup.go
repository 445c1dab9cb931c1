package engine

// Job returns the instance with this ID, or nil.
func (r *Run) Job(id string) *Job {
	r.index = r.indexed()
	if n := r.index.get(id); n != nil {
		return n.job
	}
	return nil
}
