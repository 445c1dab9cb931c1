package runner

import (
	"fmt"

	"slipway/internal/fault"
	"slipway/internal/workflow"
)

// checkContainers refuses a job that needs containers its place doesn't have.
// Running its steps on the bare machine would not be what the workflow says.
func (j *jobRun) checkContainers(c *chapter) error {
	container, err := workflow.EvaluateContainer(j.job.Container, j.scopeFor(j.job.Container))
	if err != nil {
		return err
	}
	if container != nil && !j.deps.Containers {
		return needsContainer(fmt.Sprintf("the job (container %s)", container.Image))
	}
	services, err := workflow.EvaluateServices(j.job.Services, j.scopeFor(j.job.Services))
	if err != nil {
		return err
	}
	for _, s := range services {
		switch {
		case s.Container == nil:
			c.write().print(fmt.Sprintf("The service '%s' will not be started because the container definition has an empty image.", s.Name))
		case !j.deps.Containers:
			return needsContainer(fmt.Sprintf("the service '%s' (%s)", s.Name, s.Container.Image))
		}
	}
	return nil
}

// needsContainer is why something can't run in a place without containers.
func needsContainer(what string) error {
	return fault.New(fault.Missing, "%s runs in a container, and this place has none: run the job with an executor that has them, such as docker", what)
}
