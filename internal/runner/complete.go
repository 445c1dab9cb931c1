package runner

import (
	"fmt"

	"slipway/internal/jobproto"
	"slipway/internal/workflow"
)

// complete evaluates what the job hands on and returns how it ended
// (JobExtension.cs, FinalizeJob).
func (j *jobRun) complete() jobproto.Result {
	reason := j.stopper.close()
	if j.ctx.Err() != nil {
		j.status.cancel()
	}
	c := j.newChapter("Complete job", jobproto.Complete)
	if reason != "" {
		c.write().error(reason)
	}
	var result jobproto.Result
	var failed error
	if j.ready && j.ctx.Err() == nil {
		if result.Outputs, failed = j.outputs(c); failed != nil {
			c.write().error("Fail to evaluate job outputs")
			c.write().error(shown(failed))
			j.status.merge(jobproto.Failure)
		}
		var err error
		if result.EnvironmentURL, err = j.environmentURL(c); err != nil {
			failed = err
			c.write().error("Failed to evaluate environment url")
			c.write().error(shown(err))
			j.status.merge(jobproto.Failure)
		}
	}
	if left := j.deps.Place.Processes(); left > 0 && j.ctx.Err() == nil {
		c.write().print(fmt.Sprintf("Cleaning up orphan processes: %d still running", left))
	}
	if failed != nil {
		c.end(jobproto.Failure)
	} else {
		c.end(jobproto.Success)
	}
	result.Conclusion = j.status.get()
	return result
}

// outputs evaluates the job's outputs. An empty one is none, and one that
// holds a secret is dropped.
func (j *jobRun) outputs(c *chapter) (map[string]string, error) {
	if j.job.Outputs.Kind() == workflow.TokenNull {
		return nil, nil
	}
	log := c.write()
	log.print("Evaluate and set job outputs")
	all, err := workflow.EvaluateStringMap(j.job.Outputs, j.scopeFor(j.job.Outputs))
	if err != nil {
		return nil, err
	}
	outputs := map[string]string{}
	for _, o := range all {
		switch {
		case o.Value == "":
			log.debug("Skip output '" + o.Key + "' since it's empty")
		case j.report.masks.Holds(o.Value):
			log.warn("Skip output '" + o.Key + "' since it may contain secret.")
		default:
			log.print("Set output '" + o.Key + "'")
			outputs[o.Key] = o.Value
		}
	}
	return outputs, nil
}

func (j *jobRun) environmentURL(c *chapter) (string, error) {
	if j.job.EnvironmentURL.Kind() == workflow.TokenNull {
		return "", nil
	}
	log := c.write()
	log.print("Evaluate and set environment url")
	url, err := workflow.EvaluateString(j.job.EnvironmentURL, j.scopeFor(j.job.EnvironmentURL), "")
	if err != nil {
		return "", err
	}
	if j.report.masks.Holds(url) {
		log.warn("Skip setting environment url as it may contain secret.")
		return "", nil
	}
	log.print("Evaluated environment url: " + url)
	return url, nil
}
