package runner

import (
	"maps"
	"slices"
	"strings"
)

// stepEnv is the environment of the step's command without its files; room is
// how many more variables the caller will set.
func (r *stepRun) stepEnv(room int) *envList {
	state := r.step.stateVariables()
	env := r.frame.env.commandEnv(r.env, room+len(state))
	for _, v := range state {
		env.set(v.key, v.value)
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

// stateVariables are what earlier phases of the action kept, by name.
func (s *step) stateVariables() []pair {
	pairs := make([]pair, 0, len(s.state))
	for _, name := range slices.Sorted(maps.Keys(s.state)) {
		pairs = append(pairs, pair{"STATE_" + name, s.state[name]})
	}
	return pairs
}

// printEnv shows the env context in the log's header.
func (r *stepRun) printEnv() {
	shown := append(r.frame.env.visible(r.env), r.step.stateVariables()...)
	if len(shown) == 0 {
		return
	}
	r.log.print("env:")
	for _, v := range shown {
		r.log.print("  " + v.key + ": " + v.value)
	}
}
