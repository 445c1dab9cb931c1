package runner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"slipway/internal/executor"
	"slipway/internal/fault"
	"slipway/internal/jobproto"
)

// runNode runs the script of a JavaScript action for the step's phase
// (NodeScriptActionHandler.cs).
func (t *usesTask) runNode(ctx context.Context, r *stepRun, inputs []pair) error {
	script := t.action.Manifest.Runs.Main
	switch r.ref.Phase {
	case jobproto.Pre:
		script = t.action.Manifest.Runs.Pre
	case jobproto.Post:
		script = t.action.Manifest.Runs.Post
	}
	file := filepath.Join(t.action.Dir, filepath.FromSlash(script))
	if info, err := os.Stat(file); err != nil || info.IsDir() {
		return fault.New(fault.NotFound, "action %s: its %s script %q is not among its files", t.ref, r.ref.Phase, script)
	}
	env := r.stepEnv(len(inputs) + len(r.job.deps.Env))
	major, err := nodeMajor(using(t.action), env)
	if err != nil {
		return fmt.Errorf("action %s: %w", t.ref, err)
	}
	node, err := r.job.nodes.find(ctx, major)
	if err != nil {
		return fmt.Errorf("action %s: %w", t.ref, err)
	}
	addInputs(env, inputs)
	r.job.addDeps(env)
	// It would make node load another node's data (actions/runner issue 795).
	env.list = slices.DeleteFunc(env.list, func(v string) bool { return strings.HasPrefix(v, "NODE_ICU_DATA=") })
	r.log.debug(node + " " + file)
	code, err := r.withFiles(ctx, executor.Command{Args: []string{node, r.job.dirs.inner(file)}}, env)
	if err != nil {
		return err
	}
	r.log.debug(fmt.Sprintf("Node Action run completed with exit code %d", code))
	if code != 0 {
		return ended(jobproto.Failure) // the action has said why
	}
	return nil
}

// nodeMajor is the version an action wants: 12 and 16 run on 20, and 20 on 24
// when the workflow asks for that (HandlerFactory.cs).
func nodeMajor(using string, env *envList) (int, error) {
	major, err := strconv.Atoi(strings.TrimPrefix(using, "node"))
	if err != nil {
		return 0, fault.New(fault.Invalid, "'using: %s' names no version of Node.js; expected node20 or node24", using)
	}
	if major < 20 {
		major = 20
	}
	if major == 20 && strings.EqualFold(env.get("FORCE_JAVASCRIPT_ACTIONS_TO_NODE24"), "true") {
		major = 24
	}
	return major, nil
}
