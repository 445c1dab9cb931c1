package ghevent

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"slipway/internal/fault"
	"slipway/internal/gitrepo"
	"slipway/internal/testkit"
)

// repository is a clone of acme/app whose branch feature is one commit ahead of main.
type repository struct {
	t   *testing.T
	dir string
}

func newRepository(t *testing.T) repository {
	t.Helper()
	testkit.Need(t, "git")
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "1234+ada@users.noreply.github.com", "GIT_AUTHOR_DATE": "1700000000 +0100",
		"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com", "GIT_COMMITTER_DATE": "1700000600 +0000",
	} {
		t.Setenv(name, value)
	}
	r := repository{t: t, dir: filepath.Join(t.TempDir(), "acme", "app")}
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.git("init", "--quiet", "--initial-branch=main")
	r.git("commit", "--quiet", "--allow-empty", "--message=first")
	r.git("remote", "add", "origin", "https://github.com/acme/app.git")
	r.git("update-ref", "refs/remotes/origin/main", "HEAD")
	r.git("config", "branch.main.remote", "origin")
	r.git("config", "branch.main.merge", "refs/heads/main")
	return r
}

func (r repository) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r repository) commit(message string) string {
	r.git("commit", "--quiet", "--allow-empty", "--message="+message)
	return r.git("rev-parse", "HEAD")
}

func (r repository) source() Source {
	r.t.Helper()
	repo, err := gitrepo.Open(r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	return Source{Repo: repo, ServerURL: "https://github.com"}
}

// event makes an event and reads its payload back.
func (r repository) event(name string, s Source) (*Event, map[string]any) {
	r.t.Helper()
	e, err := New(r.t.Context(), name, s)
	if err != nil {
		r.t.Fatal(err)
	}
	var p map[string]any
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		r.t.Fatal(err)
	}
	return e, p
}

// at is the JSON of what stands at a path of keys.
func at(t *testing.T, p any, path string) string {
	t.Helper()
	for key := range strings.SplitSeq(path, ".") {
		object, ok := p.(map[string]any)
		if !ok {
			t.Fatalf("%s: %q is in no object", path, key)
		}
		if p, ok = object[key]; !ok {
			t.Errorf("%s is missing", path)
		}
	}
	out, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Trim(string(out), `"`)
}

func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

func TestPush(t *testing.T) {
	r := newRepository(t)
	first := r.git("rev-parse", "HEAD")
	e, p := r.event("push", r.source())
	equal(t, "before of a first commit that is pushed", at(t, p, "before"), gitrepo.Zero)
	equal(t, "created", at(t, p, "created"), "true")
	equal(t, "base", e.Base, gitrepo.Zero)

	second, third := r.commit("second"), r.commit("third\n\nbody")
	e, p = r.event("push", r.source())
	equal(t, "ref", e.Ref, "refs/heads/main")
	equal(t, "sha", e.SHA, third)
	equal(t, "base", e.Base, first)
	for path, want := range map[string]string{
		"ref": "refs/heads/main", "before": first, "after": third, "created": "false", "deleted": "false", "forced": "false",
		"head_commit.id": third, "head_commit.message": `third\n\nbody`, "head_commit.timestamp": "2023-11-14T22:23:20Z",
		"head_commit.author.name": "Ada", "head_commit.author.username": "ada", "head_commit.committer.email": "ada@example.com",
		"repository.full_name": "acme/app", "repository.name": "app", "repository.owner.login": "acme", "repository.default_branch": "main",
		"repository.clone_url": "https://github.com/acme/app.git", "repository.html_url": "https://github.com/acme/app", "repository.private": "false",
		"pusher.email": "ada@example.com", "sender.login": "ada",
		"compare": "https://github.com/acme/app/compare/" + first[:12] + "..." + third[:12],
	} {
		equal(t, path, at(t, p, path), want)
	}
	commits := p["commits"].([]any)
	equal(t, "commits", at(t, commits[0], "id")+" "+at(t, commits[1], "id"), second+" "+third)

	r.git("update-ref", "refs/remotes/origin/main", "HEAD")
	_, p = r.event("push", r.source())
	equal(t, "before when all is pushed", at(t, p, "before"), second)

	r.git("commit", "--quiet", "--amend", "--allow-empty", "--message=rewritten")
	_, p = r.event("push", r.source())
	equal(t, "before of a rewrite", at(t, p, "before"), third)
	equal(t, "forced", at(t, p, "forced"), "true")
}

func TestPushOfATag(t *testing.T) {
	r := newRepository(t)
	r.git("tag", "v1.2.3")
	source := r.source()
	head, err := source.Repo.At(t.Context(), "v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	source.Head = head
	e, p := r.event("push", source)
	equal(t, "ref", e.Ref, "refs/tags/v1.2.3")
	equal(t, "before", at(t, p, "before"), gitrepo.Zero)
	equal(t, "head commit", at(t, p, "head_commit.id"), r.git("rev-parse", "HEAD"))
	e, _ = r.event("release", source)
	equal(t, "release", e.Ref, "refs/tags/v1.2.3")
}

func TestPullRequest(t *testing.T) {
	r := newRepository(t)
	base := r.git("rev-parse", "HEAD")
	r.git("checkout", "--quiet", "-b", "feature")
	head := r.commit("Add a thing\n\nbecause")
	e, p := r.event("pull_request", r.source())
	equal(t, "event", strings.Join([]string{e.Ref, e.SHA, e.HeadRef, e.BaseRef, e.Base, e.Action}, " "),
		strings.Join([]string{"refs/pull/1/merge", head, "feature", "main", base, "opened"}, " "))
	for path, want := range map[string]string{
		"action": "opened", "number": "1", "pull_request.title": "Add a thing", "pull_request.body": "because", "pull_request.head.ref": "feature",
		"pull_request.head.sha": head, "pull_request.base.ref": "main", "pull_request.base.sha": base, "pull_request.draft": "false",
		"pull_request.labels": "[]", "pull_request.head.repo.full_name": "acme/app", "pull_request.user.login": "ada",
	} {
		equal(t, path, at(t, p, path), want)
	}
	source := r.source()
	source.Action = "labeled"
	e, p = r.event("pull_request_target", source)
	equal(t, "target", e.Ref+" "+e.Action+" "+at(t, p, "action"), "refs/heads/main labeled labeled")
}

func TestEveryEventHasRepositoryAndSender(t *testing.T) {
	r := newRepository(t)
	source := r.source()
	source.Inputs = map[string]string{"level": "high"}
	source.Schedule = "0 5 * * *"
	for name, paths := range map[string][]string{
		"workflow_dispatch": {"inputs.level", "ref"}, "workflow_call": {"inputs.level"}, "repository_dispatch": {"client_payload", "action"},
		"schedule": {"schedule"}, "issues": {"issue.number", "issue.labels", "action"}, "issue_comment": {"comment.body", "issue.title"},
		"release": {"release.tag_name"}, "create": {"ref_type"}, "delete": {"ref"}, "workflow_run": {"workflow_run.conclusion", "workflow_run.head_sha"},
		"merge_group": {"merge_group.head_sha"}, "deployment": {"deployment.ref"}, "deployment_status": {"deployment_status.state"},
		"discussion": {"discussion.title"}, "label": {"label.name"}, "milestone": {"milestone.title"}, "check_run": {"check_run.conclusion"},
		"status": {"state"}, "pull_request_review": {"review.state"}, "pull_request_review_comment": {"comment.body"}, "fork": nil,
	} {
		e, p := r.event(name, source)
		for _, path := range append(paths, "repository.full_name", "sender.login") {
			at(t, p, path)
		}
		if !strings.HasPrefix(e.Ref, "refs/") || !gitrepo.IsSHA(e.SHA) {
			t.Errorf("%s: ref %q, sha %q", name, e.Ref, e.SHA)
		}
	}
}

func TestEventsOfAPlainFolder(t *testing.T) {
	repo, err := gitrepo.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("USER", "someone")
	for _, name := range []string{"push", "pull_request", "workflow_dispatch", "schedule", "release", "merge_group"} {
		e, err := New(t.Context(), name, Source{Repo: repo, ServerURL: "https://github.com"})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, name, e.SHA, gitrepo.Zero)
	}
	e, err := New(t.Context(), "push", Source{Repo: repo, ServerURL: "https://github.com"})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "ref", e.Ref, "refs/heads/main")
	if !strings.Contains(string(e.Payload), `"login":"someone"`) {
		t.Errorf("no sender: %s", e.Payload)
	}
}

func TestReadTakesThePayloadAtItsWord(t *testing.T) {
	r := newRepository(t)
	head := r.git("rev-parse", "HEAD")
	sha := strings.Repeat("ab", 20)
	for _, c := range []struct{ name, payload, want string }{
		{"push", `{"ref":"refs/heads/other","after":"` + sha + `"}`, "refs/heads/other " + sha + "   "},
		{"push", `{"ref":"refs/tags/v9","after":"` + gitrepo.Zero + `"}`, "refs/tags/v9 " + head + "   "},
		{"push", `{}`, "refs/heads/main " + head + "   "},
		{"pull_request", `{"action":"synchronize","pull_request":{"number":42,"head":{"ref":"fix"},"base":{"ref":"dev"}}}`, "refs/pull/42/merge " + head + " fix dev synchronize"},
		{"pull_request", `{"action":"closed","number":7,"pull_request":{"merged":true,"base":{"ref":"dev"}}}`, "refs/heads/dev " + head + " main dev closed"},
		{"pull_request_target", `{"pull_request":{"base":{"ref":"dev","sha":"` + sha + `"}}}`, "refs/heads/dev " + sha + " main dev "},
		{"create", `{"ref":"v2","ref_type":"tag"}`, "refs/tags/v2 " + head + "   "},
		{"release", `{"action":"published","release":{"tag_name":"v3"}}`, "refs/tags/v3 " + head + "   published"},
		{"workflow_dispatch", `{"ref":"topic","inputs":{}}`, "refs/heads/topic " + head + "   "},
		{"deployment", `{"deployment":{"ref":"main","sha":"` + sha + `"}}`, "refs/heads/main " + sha + "   "},
		{"issues", `{"action":"labeled"}`, "refs/heads/main " + head + "   labeled"},
		{"merge_group", `{"merge_group":{"head_ref":"refs/heads/q","head_sha":"` + sha + `"}}`, "refs/heads/q " + sha + "   "},
	} {
		e, err := Read(t.Context(), c.name, "event.json", []byte(c.payload), r.source())
		if err != nil {
			t.Fatal(err)
		}
		equal(t, c.name+" "+c.payload, strings.Join([]string{e.Ref, e.SHA, e.HeadRef, e.BaseRef, e.Action}, " "), c.want)
		equal(t, c.name, string(e.Payload), c.payload)
	}
}

func TestReadRefusesWhatIsNoObject(t *testing.T) {
	r := newRepository(t)
	for payload, want := range map[string]string{
		"":                 "event.json (Line: 1, Col: 1): ",
		"[]":               "event.json (Line: 1, Col: ",
		"null":             "event.json (Line: 1, Col: ",
		"{\n  \"a\": ?\n}": "event.json (Line: 2, Col: 9): ",
		"{} {}":            "event.json (Line: 1, Col: ",
	} {
		_, err := Read(t.Context(), "push", "event.json", []byte(payload), r.source())
		if fault.CodeOf(err) != fault.Invalid || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v", payload, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	dir := f.TempDir()
	repo, err := gitrepo.Open(dir)
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"push", "pull_request", "release", "create"} {
		f.Add(name, []byte(`{"ref":"x","pull_request":{"head":null,"merged":true},"release":[],"number":1e400}`))
	}
	f.Fuzz(func(t *testing.T, name string, payload []byte) {
		e, err := Read(t.Context(), name, "f", payload, Source{Repo: repo, ServerURL: "https://github.com"})
		if err == nil && (e.Ref == "" || e.SHA == "") {
			t.Errorf("an event without ref or sha: %+v", e)
		}
	})
}
