package local

import (
	"context"
	"path/filepath"

	"slipway/internal/action"
	"slipway/internal/action/builtin"
	"slipway/internal/fault"
)

// newResolver says where this run's actions come from: this repository, the
// built-in ones, the mirrors, github.com.
func (p *Plan) newResolver(ctx context.Context) (*action.Finder, error) {
	repositories, err := action.NewRepositories(ctx, action.RepositoriesConfig{
		Mirrors: p.options.Actions, Server: serverURL, Token: p.options.Secrets["GITHUB_TOKEN"],
		CacheDir: p.options.Dirs.Cache, Offline: p.options.Offline, Own: p.repo,
	})
	if err != nil {
		return nil, err
	}
	return action.NewResolver(ctx, action.Config{
		Repositories: repositories, Repo: p.repo, Commit: p.events.commit(), Builtins: p.options.Builtin,
		Natives: builtin.All(builtin.Config{Repo: p.repo, Commit: p.events.commit(), Repositories: repositories, Artifacts: p.artifacts}),
	})
}

// newArtifacts says where artifacts go: to the folder of --artifacts, else to one that
// goes with the run.
func (o Options) newArtifacts() (*builtin.Artifacts, error) {
	if o.Artifacts == "" {
		return builtin.NewArtifacts(filepath.Join(o.Dirs.State, "artifacts"), false), nil
	}
	dir, err := filepath.Abs(o.Artifacts)
	if err != nil {
		return nil, fault.New(fault.Usage, "--artifacts %s: %w", o.Artifacts, err)
	}
	return builtin.NewArtifacts(dir, true), nil
}

// commit is the commit that --ref names; "" when the run is about the working tree.
func (e *events) commit() string { return e.head.SHA }
