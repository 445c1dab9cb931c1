// Package runner runs one job in one place: it sets the job up, runs its
// steps, actions and post steps as GitHub's runner does, obeys what they
// print and write, masks what must not be seen, and reports to a
// jobproto.Sink. It knows neither the workflow file nor the run the job is
// part of: it imports action, executor, jobproto, workflow, expr and fault only.
//
// Behaviour follows actions/runner (src/Runner.Worker); a comment names the
// file where a rule would surprise.
package runner
