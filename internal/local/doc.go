// Package local runs workflows on this machine, in this process: it picks the
// workflows an event starts, lets the engine decide, gives each job a place
// and a runner, and reports what happens. It imports engine, runner, action,
// executor, trigger, gitrepo, jobproto, workflow, expr and fault.
package local
