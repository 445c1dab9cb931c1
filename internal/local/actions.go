package local

import (
	"context"

	"slipway/internal/action"
	"slipway/internal/action/builtin"
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
		Natives: builtin.All(builtin.Config{Repo: p.repo, Commit: p.events.commit(), Repositories: repositories}),
	})
}

// commit is the commit that --ref names; "" when the run is about the working tree.
func (e *events) commit() string { return e.head.SHA }
