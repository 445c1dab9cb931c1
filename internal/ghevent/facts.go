package ghevent

import (
	"context"
	"hash/fnv"
	"os"
	"strings"
	"time"

	"slipway/internal/gitrepo"
)

// facts are what payloads are made of, gathered once.
type facts struct {
	Source
	head          gitrepo.Head
	tip           *gitrepo.Commit // nil where there is no commit
	sha           string          // tip's, or gitrepo.Zero
	owner, name   string
	defaultBranch string
	actor         string
	when          time.Time // of everything that happens in the event
}

func gather(ctx context.Context, s Source) (*facts, error) {
	f := &facts{Source: s, head: s.Head, sha: gitrepo.Zero}
	var err error
	if f.head.Ref == "" {
		if f.head, err = s.Repo.Head(ctx); err != nil {
			return nil, err
		}
	}
	if f.head.SHA != "" {
		f.sha = f.head.SHA
		if f.tip, err = commitAt(ctx, s.Repo, f.head.SHA); err != nil {
			return nil, err
		}
		f.when = f.tip.Committer.When
	}
	if f.owner, f.name, err = s.Repo.Name(ctx); err != nil {
		return nil, err
	}
	if f.defaultBranch, err = s.Repo.DefaultBranch(ctx); err != nil {
		return nil, err
	}
	if f.actor = s.Actor; f.actor == "" {
		f.actor = Actor(f.tip)
	}
	return f, nil
}

// commitAt reads a commit, the one the repository stands on only once.
func commitAt(ctx context.Context, repo *gitrepo.Repo, sha string) (*gitrepo.Commit, error) {
	if tip, err := repo.Tip(ctx); err == nil && tip != nil && tip.SHA == sha {
		return tip, nil
	}
	return repo.Commit(ctx, sha)
}

// Actor guesses the login of who would push a commit: the one in a GitHub
// no-reply address of its committer or author, else the name of this machine's
// user. commit may be nil.
func Actor(commit *gitrepo.Commit) string {
	if commit != nil {
		for _, email := range []string{commit.Committer.Email, commit.Author.Email} {
			if local, ok := strings.CutSuffix(email, "@users.noreply.github.com"); ok {
				if _, login, ok := strings.Cut(local, "+"); ok {
					return login
				}
				return local
			}
		}
	}
	for _, variable := range []string{"USER", "LOGNAME"} {
		if name := os.Getenv(variable); name != "" {
			return name
		}
	}
	return "local"
}

// repository is the `repository` of every payload.
func (f *facts) repository() object {
	full := f.owner + "/" + f.name
	html := f.ServerURL + "/" + full
	return object{
		"id": id(full), "name": f.name, "full_name": full, "private": false, "visibility": "public", "fork": false,
		"owner":    with(f.user(f.owner), object{"name": f.owner}),
		"html_url": html, "url": html, "clone_url": html + ".git", "git_url": html + ".git",
		"ssh_url":        "git@" + host(f.ServerURL) + ":" + full + ".git",
		"default_branch": f.defaultBranch, "master_branch": f.defaultBranch,
		"description": nil, "archived": false, "disabled": false, "topics": []string{},
		"pushed_at": stamp(f.when), "updated_at": stamp(f.when), "created_at": stamp(f.when),
	}
}

// user is a user's or organisation's short form.
func (f *facts) user(login string) object {
	html := f.ServerURL + "/" + login
	return object{"login": login, "id": id(login), "type": "User", "site_admin": false, "html_url": html, "url": html, "avatar_url": html + ".png"}
}

// commit is a commit as push events have it. GitHub leaves the lists of changed
// files out of the payloads that workflows see.
func (f *facts) commit(c *gitrepo.Commit) object {
	return object{
		"id": c.SHA, "tree_id": c.Tree, "distinct": true, "message": c.Message, "timestamp": stamp(c.Committer.When),
		"url":    f.ServerURL + "/" + f.owner + "/" + f.name + "/commit/" + c.SHA,
		"author": person(c.Author), "committer": person(c.Committer),
	}
}

func person(p gitrepo.Person) object {
	out := object{"name": p.Name, "email": p.Email}
	if local, ok := strings.CutSuffix(p.Email, "@users.noreply.github.com"); ok {
		_, login, found := strings.Cut(local, "+")
		if !found {
			login = local
		}
		out["username"] = login
	}
	return out
}

// stamp is a time as GitHub writes it; null when unknown.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Format(time.RFC3339)
}

// id is a number for a name: the same each time, and no real one of GitHub's.
func id(name string) uint32 {
	sum := fnv.New32a()
	sum.Write([]byte(strings.ToLower(name)))
	return sum.Sum32() | 1<<31
}

func host(serverURL string) string {
	_, rest, ok := strings.Cut(serverURL, "://")
	if !ok {
		return serverURL
	}
	name, _, _ := strings.Cut(rest, "/")
	return name
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
