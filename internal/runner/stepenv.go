package runner

import "strings"

// stepEnv is the environment of the step's command without its files; room is
// how many more variables the caller will set.
func (r *stepRun) stepEnv(room int) *envList {
	env := r.frame.env.commandEnv(r.env, room+len(r.step.state))
	for name, value := range r.step.state {
		env.set("STATE_"+name, value)
	}
	for _, p := range r.github {
		switch p.key {
		case "action", "action_path", "action_ref", "action_repository":
			env.set("GITHUB_"+strings.ToUpper(p.key), p.value)
		}
	}
	for name, value := range r.job.deps.Env {
		if scriptsSee(name) {
			env.set(name, value)
		}
	}
	return env
}

// scriptsSee reports whether a `run` step gets a variable meant for actions
// (ScriptHandler.cs).
func scriptsSee(name string) bool {
	switch name {
	case "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ORCHESTRATION_ID":
		return true
	}
	return !strings.HasPrefix(name, "ACTIONS_")
}

// lookupEnv finds a variable the step sees: env context first, then the place's own.
func (r *stepRun) lookupEnv(name string) string {
	for i := len(r.env) - 1; i >= 0; i-- {
		if r.env[i].key == name {
			return r.env[i].value
		}
	}
	if value, ok := r.frame.env.vars[name]; ok {
		return value
	}
	return r.frame.env.outside.place[name]
}

// printEnv shows the env context in the log's header.
func (r *stepRun) printEnv() {
	visible := r.frame.env.visible(r.env)
	if len(visible)+len(r.step.state) == 0 {
		return
	}
	r.log.print("env:")
	for _, v := range visible {
		r.log.print("  " + v.key + ": " + v.value)
	}
	for name, value := range r.step.state {
		r.log.print("  STATE_" + name + ": " + value)
	}
}
