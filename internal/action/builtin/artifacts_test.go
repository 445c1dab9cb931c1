package builtin

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"slipway/internal/action"
	"slipway/internal/fault"
)

// artifactJob is a job of run 7 with a store of its own.
type artifactJob struct {
	*job
	store *Artifacts
}

func newArtifactJob(t *testing.T, keep bool) artifactJob {
	j := newJob(t)
	j.github["run_id"] = "7"
	a := artifactJob{j, NewArtifacts(filepath.Join(j.dir, "store"), keep)}
	t.Cleanup(func() { noError(t, a.store.Close()) })
	return a
}

func (a artifactJob) action(name string) action.Native {
	all := All(Config{Artifacts: a.store})
	return all[slices.IndexFunc(all, func(n action.Native) bool { return n.Name == "actions/"+name+"-artifact" })]
}

func (a artifactJob) upload(with map[string]string) error {
	a.t.Helper()
	n := a.action("upload")
	return n.Builtin.Main(a.t.Context(), a.call(n, with))
}

func (a artifactJob) download(with map[string]string) error {
	a.t.Helper()
	n := a.action("download")
	return n.Builtin.Main(a.t.Context(), a.call(n, with))
}

// stored lists the files of an artifact of run 7, as its folder holds them.
func (a artifactJob) stored(name string) []string { return a.tree("store/7/" + name) }

// tree lists the files in a folder.
func (a artifactJob) tree(folder string) []string {
	a.t.Helper()
	var names []string
	top := filepath.Join(a.dir, folder)
	err := filepath.WalkDir(top, func(at string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, strings.TrimPrefix(at, top+"/"))
		}
		return err
	})
	if !errors.Is(err, fs.ErrNotExist) {
		noError(a.t, err)
	}
	return names
}

func TestUploadFindsFiles(t *testing.T) {
	for _, c := range []struct {
		name string
		with map[string]string
		want []string
		log  string
	}{
		{"a file is without its folder", map[string]string{"path": "dist/app.js"}, []string{"app.js"}, "there will be 1 file uploaded"},
		{"a folder is its content", map[string]string{"path": "dist"}, []string{"app.js", "css/a.css"}, "there will be 2 files uploaded"},
		{"a wildcard starts where it stands", map[string]string{"path": "dist/**/*.css"}, []string{"css/a.css"}, ""},
		{"one file by a wildcard", map[string]string{"path": "dist/*.js"}, []string{"app.js"}, ""},
		{"least common ancestor", map[string]string{"path": "dist/css\n  logs/*.txt\n"}, []string{"dist/css/a.css", "logs/1.txt", "logs/2.txt"}, "The least common ancestor is "},
		{"missing paths count for it", map[string]string{"path": "dist/css\ndist/none/x"}, []string{"css/a.css"}, ""},
		{"excluded", map[string]string{"path": "logs\n!logs/2*"}, []string{"1.txt"}, ""},
		{"absolute, outside the workspace", map[string]string{"path": "DIR/temp/out"}, []string{"o"}, ""},
		{"home", map[string]string{"path": "~/h*"}, []string{"here"}, ""},
		{"hidden files are left out", map[string]string{"path": "web"}, []string{"index"}, ""},
		{"but when asked for", map[string]string{"path": "web", "include-hidden-files": "true"}, []string{".env", ".well/known", "index"}, ""},
		{"symbolic links are followed", map[string]string{"path": "links"}, []string{"dir/a.css", "file"}, ""},
		{"as it is", map[string]string{"path": "dist/app.js", "archive": "false"}, []string{"app.js"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newArtifactJob(t, true)
			j.env["HOME"] = j.dir + "/home"
			for _, name := range []string{"dist/app.js", "dist/css/a.css", "logs/1.txt", "logs/2.txt", "web/index", "web/.env", "web/.well/known"} {
				j.write("workspace/"+name, name)
			}
			j.write("temp/out/o", "")
			j.write("home/here", "")
			noError(t, os.Mkdir(j.workspace+"/links", 0o755))
			for name, target := range map[string]string{"dir": "../dist/css", "file": "../logs/1.txt", "broken": "nowhere", "circle": "."} {
				noError(t, os.Symlink(target, j.workspace+"/links/"+name))
			}
			c.with["path"] = strings.ReplaceAll(c.with["path"], "DIR", j.dir)
			noError(t, j.upload(c.with))
			name := "artifact"
			if c.with["archive"] == "false" {
				name = "app.js"
			}
			equal(t, "files", fmt.Sprint(j.stored(name)), fmt.Sprint(c.want))
			if !strings.Contains(j.log.String(), c.log) || !strings.Contains(j.log.String(), "Artifact "+name+" has been successfully uploaded!") {
				t.Errorf("the log lacks %q:\n%s", c.log, &j.log)
			}
			for _, file := range j.stored(name) {
				info, err := os.Lstat(filepath.Join(j.dir, "store/7", name, file))
				noError(t, err)
				if !info.Mode().IsRegular() || info.Mode()&0o111 != 0 {
					t.Errorf("%s has mode %s", file, info.Mode())
				}
			}
		})
	}
}

func TestUploadOutputs(t *testing.T) {
	j := newArtifactJob(t, true)
	j.write("workspace/one", "1")
	j.write("workspace/two", "22")
	noError(t, j.upload(map[string]string{"path": "one", "name": "a b", "retention-days": "5"}))
	first := j.outputs["artifact-id"]
	equal(t, "url", j.outputs["artifact-url"], "file://"+j.dir+"/store/7/a%20b")
	equal(t, "digest of one file", j.outputs["artifact-digest"], fmt.Sprintf("%x", sha256.Sum256([]byte("1"))))
	if !strings.Contains(j.log.String(), "retention-days (5) has no effect here") {
		t.Errorf("log: %s", &j.log)
	}
	noError(t, j.upload(map[string]string{"path": "*"}))
	sums := fmt.Sprintf("%x  one\n%x  two\n", sha256.Sum256([]byte("1")), sha256.Sum256([]byte("22")))
	equal(t, "digest of two files", j.outputs["artifact-digest"], fmt.Sprintf("%x", sha256.Sum256([]byte(sums))))
	if !strings.Contains(j.log.String(), "Final size is 3 bytes. Artifact ID is "+j.outputs["artifact-id"]) || j.outputs["artifact-id"] == first {
		t.Errorf("ids %s and %s, log: %s", first, j.outputs["artifact-id"], &j.log)
	}
}

func TestUploadErrors(t *testing.T) {
	j := newArtifactJob(t, true)
	j.write("workspace/file", "1")
	j.write("workspace/a:b", "1")
	j.write("workspace/two/a", "")
	j.write("workspace/two/b", "")
	noError(t, syscall.Mkfifo(j.workspace+"/pipe", 0o600))
	for _, c := range []struct {
		with map[string]string
		code fault.Code
		want string
	}{
		{map[string]string{}, fault.Invalid, "Input required and not supplied: path"},
		{map[string]string{"path": "none", "if-no-files-found": "error"}, fault.NotFound, "No files were found with the provided path: none. No artifacts will be uploaded."},
		{map[string]string{"path": "none", "if-no-files-found": "fail"}, fault.Invalid, "Unrecognized if-no-files-found input. Provided: fail. Available options: warn,error,ignore"},
		{map[string]string{"path": "../file"}, fault.Invalid, "Relative pathing '.' and '..' is not allowed"},
		{map[string]string{"path": "file", "name": "a/b"}, fault.Invalid, "The artifact name is not valid: a/b. Contains the following character: '/'"},
		{map[string]string{"path": "file", "name": ".."}, fault.Invalid, "The artifact name is not valid: .."},
		{map[string]string{"path": "file", "name": ""}, fault.Invalid, "artifact name input during validation is empty"},
		{map[string]string{"path": "a*"}, fault.Invalid, "The path for one of the files in artifact is not valid: /a:b"},
		{map[string]string{"path": "two", "archive": "false"}, fault.Invalid, "only a single file can be uploaded. Found 2 files"},
		{map[string]string{"path": "file", "overwrite": "maybe"}, fault.Invalid, "overwrite"},
		{map[string]string{"path": "file", "compression-level": "10"}, fault.Invalid, "Valid values are 0-9"},
		{map[string]string{"path": "file", "retention-days": "long"}, fault.Invalid, "Invalid retention-days"},
		{map[string]string{"path": "pipe"}, fault.Internal, "is not a file that can be copied"},
	} {
		failsWith(t, j.upload(c.with), c.code, c.want)
		equal(t, "files", len(j.tree("store/7")), 0)
	}
	noError(t, j.upload(map[string]string{"path": "none\n# 100%"}))
	equal(t, "warning", j.log.String(), "::warning::No files were found with the provided path: none%0A# 100%25. No artifacts will be uploaded.\n")
	noError(t, j.upload(map[string]string{"path": "none", "if-no-files-found": "ignore"}))
	equal(t, "note", j.log.String(), "No files were found with the provided path: none. No artifacts will be uploaded.\n")
	equal(t, "outputs", len(j.outputs), 0)
}

func TestUploadTwice(t *testing.T) {
	j := newArtifactJob(t, true)
	j.write("workspace/old", "1")
	j.write("workspace/new", "2")
	noError(t, j.upload(map[string]string{"path": "old"}))
	failsWith(t, j.upload(map[string]string{"path": "new"}), fault.Conflict, "(409) Conflict: an artifact with this name already exists on the workflow run")
	equal(t, "files", fmt.Sprint(j.stored("artifact")), "[old]")

	// One that fails leaves the old one.
	noError(t, syscall.Mkfifo(j.workspace+"/pipe", 0o600))
	failsWith(t, j.upload(map[string]string{"path": "pipe", "overwrite": "true"}), fault.Internal, "can be copied")
	noError(t, j.download(map[string]string{"path": "kept"}))
	equal(t, "old", j.read("workspace/kept/old"), "1")

	noError(t, j.upload(map[string]string{"path": "new", "overwrite": "true"}))
	equal(t, "files", fmt.Sprint(j.stored("artifact")), "[new]")
	noError(t, j.upload(map[string]string{"path": "new", "overwrite": "true", "name": "other"})) // nothing to replace
	j.github["run_id"] = "8"
	noError(t, j.upload(map[string]string{"path": "old"})) // another run's names are its own
	equal(t, "files", fmt.Sprint(j.tree("store/8")), "[artifact/old]")
}

func TestDownload(t *testing.T) {
	j := newArtifactJob(t, false)
	ids := map[string]string{}
	for _, name := range []string{"linux-x64", "linux-arm", "docs"} {
		j.write("workspace/"+name, name)
		noError(t, j.upload(map[string]string{"name": name, "path": name}))
		ids[name] = j.outputs["artifact-id"]
		noError(t, os.Remove(filepath.Join(j.workspace, name)))
	}
	for i, c := range []struct {
		with map[string]string
		ref  string
		want []string
	}{
		{map[string]string{}, "", []string{"docs/docs", "linux-arm/linux-arm", "linux-x64/linux-x64"}},
		{map[string]string{"merge-multiple": "true"}, "", []string{"docs", "linux-arm", "linux-x64"}},
		{map[string]string{"name": "docs"}, "v4", []string{"docs"}},
		{map[string]string{"pattern": "linux-*"}, "", []string{"linux-arm/linux-arm", "linux-x64/linux-x64"}},
		{map[string]string{"pattern": "{docs,*-arm}", "merge-multiple": "true"}, "", []string{"docs", "linux-arm"}},
		{map[string]string{"pattern": "!linux*"}, "v5", []string{"docs"}},
		{map[string]string{"pattern": "!linux*"}, "v4.3.0", []string{"docs/docs"}},
		{map[string]string{"pattern": "none"}, "", nil},
		{map[string]string{"artifact-ids": ids["docs"] + ", " + ids["linux-x64"]}, "", []string{"docs/docs", "linux-x64/linux-x64"}},
		{map[string]string{"artifact-ids": ids["docs"] + ",99"}, "", []string{"docs"}},
		{map[string]string{"name": "docs", "skip-decompress": "true"}, "", []string{"docs.zip"}},
	} {
		to := fmt.Sprintf("to/%d", i)
		j.github["action_ref"] = c.ref
		with := maps.Clone(c.with)
		with["path"] = to
		noError(t, j.download(with))
		equal(t, fmt.Sprint(c.with), fmt.Sprint(j.tree("workspace/"+to)), fmt.Sprint(c.want))
		equal(t, "download-path", j.outputs["download-path"], filepath.Join(j.workspace, to))
		if c.with["artifact-ids"] != "" && strings.HasSuffix(c.with["artifact-ids"], "99") != strings.Contains(j.log.String(), "::warning::Could not find the following artifact IDs: 99") {
			t.Errorf("log: %s", &j.log)
		}
	}
	packed, err := zip.OpenReader(j.workspace + "/to/10/docs.zip")
	noError(t, err)
	defer packed.Close()
	equal(t, "file in the archive", packed.File[0].Name, "docs")

	j.env["HOME"] = j.dir + "/home"
	for path, want := range map[string]string{"": "workspace/docs", "~/d": "home/d/docs", j.dir + "/temp/x": "temp/x/docs"} {
		noError(t, j.download(map[string]string{"name": "docs", "path": path}))
		equal(t, path, j.read(want), "docs")
	}
	noError(t, j.store.Close())
	equal(t, "left in the store", len(j.tree("store")), 0)
}

func TestDownloadErrors(t *testing.T) {
	j := newArtifactJob(t, true)
	failsWith(t, j.download(map[string]string{"name": "x"}), fault.NotFound, "Unable to download artifact(s): Artifact not found for name: x", "does this job need it?")
	noError(t, j.download(nil))
	j.write("workspace/file", "1")
	noError(t, j.upload(map[string]string{"path": "file", "name": "a"}))
	noError(t, os.Symlink(j.dir+"/temp", j.workspace+"/out"))
	for _, c := range []struct {
		with map[string]string
		code fault.Code
		want string
	}{
		{map[string]string{"name": "x"}, fault.NotFound, "The run has the artifacts a"},
		{map[string]string{"name": "a", "run-id": "6"}, fault.Missing, "run 6 of acme/app is another one"},
		{map[string]string{"name": "a", "repository": "acme/other", "github-token": "t"}, fault.Missing, "run 7 of acme/other is another one"},
		{map[string]string{"name": "a", "artifact-ids": "1"}, fault.Invalid, "cannot be used together"},
		{map[string]string{"artifact-ids": "one"}, fault.Invalid, "Invalid artifact ID: 'one'. Must be a number."},
		{map[string]string{"artifact-ids": " , "}, fault.Invalid, "No valid artifact IDs"},
		{map[string]string{"artifact-ids": "99"}, fault.NotFound, "None of the provided artifact IDs were found"},
		{map[string]string{"pattern": "@(a)"}, fault.Invalid, "write the choices as {a,b}"},
		{map[string]string{"digest-mismatch": "no"}, fault.Invalid, "Valid options are: ignore, info, warn, error"},
		{map[string]string{"path": "out"}, fault.Invalid, "out"},
		{map[string]string{"path": "file/x"}, fault.Invalid, "file/x"},
	} {
		failsWith(t, j.download(c.with), c.code, c.want)
	}
	equal(t, "files outside", len(j.tree("temp")), 0)

	noError(t, os.Remove(j.workspace+"/file"))
	noError(t, os.Symlink(j.dir+"/temp/stolen", j.workspace+"/file"))
	failsWith(t, j.download(map[string]string{"name": "a"}), fault.Internal, "copy file")
	equal(t, "files outside", len(j.tree("temp")), 0)

	j.write("store/7/a/file", "changed")
	failsWith(t, j.download(map[string]string{"path": "to"}), fault.Conflict, "Digest validation failed for artifact(s): a.")
	noError(t, j.download(map[string]string{"path": "to", "digest-mismatch": "warn"}))
	if !strings.Contains(j.log.String(), "::warning::Artifact 'a' digest validation failed.") {
		t.Errorf("log: %s", &j.log)
	}
}

// What a container keeps to itself is not looked for on the machine around it.
func TestArtifactsOfContainers(t *testing.T) {
	j := newArtifactJob(t, true)
	j.write("workspace/dist/file", "1")
	workspace := j.workspace
	j.env["GITHUB_WORKSPACE"], j.env["HOME"] = "/inner/work", "/root"
	run := func(name string, with map[string]string) error {
		n := j.action(name)
		call := j.call(n, with)
		call.Host = func(inner string) string {
			if rest, ok := strings.CutPrefix(inner, "/inner/work"); ok {
				return workspace + rest
			}
			return inner
		}
		return n.Builtin.Main(t.Context(), call)
	}
	noError(t, run("upload", map[string]string{"path": "/inner/work/dist/*"}))
	noError(t, run("download", map[string]string{"path": "/inner/work/to"}))
	equal(t, "file", j.read("workspace/to/file"), "1")
	failsWith(t, run("upload", map[string]string{"path": "x\n! /etc/passwd"}), fault.Missing, "/etc/passwd is inside the job's container")
	failsWith(t, run("download", map[string]string{"path": "/tmp/x"}), fault.Missing, "/tmp/x is inside the job's container")
}

func TestUploadsAtOnce(t *testing.T) {
	j := newArtifactJob(t, true)
	j.write("workspace/file", strings.Repeat("x", 1<<20))
	var wg sync.WaitGroup
	results := make([]error, 20)
	for i := range results {
		wg.Go(func() {
			u, err := j.store.reserve("7", "same", false)
			if err == nil {
				err = errors.Join(u.fill(t.Context(), map[string]string{"file": j.workspace + "/file"}), u.finish(), u.abandon())
			}
			other, otherErr := j.store.reserve("7", strconv.Itoa(i), false)
			noError(t, otherErr)
			noError(t, errors.Join(other.fill(t.Context(), map[string]string{"file": j.workspace + "/file"}), other.finish()))
			results[i] = err
		})
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else {
			failsWith(t, err, fault.Conflict, "409")
		}
	}
	equal(t, "uploads that succeeded", won, 1)
	equal(t, "artifacts", len(j.store.list("7")), 21)
}

func TestCancelledUploadLeavesNothing(t *testing.T) {
	j := newArtifactJob(t, true)
	j.write("workspace/file", "1")
	n := j.action("upload")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	failsWith(t, n.Builtin.Main(ctx, j.call(n, map[string]string{"path": "file"})), fault.Cancelled, "stopped")

	u, err := j.store.reserve("7", "half", false)
	noError(t, err)
	failsWith(t, u.fill(ctx, map[string]string{"file": j.workspace + "/file"}), fault.Cancelled, "stopped")
	equal(t, "artifacts", len(j.store.list("7")), 0)
	noError(t, u.abandon())
	noError(t, j.upload(map[string]string{"path": "file", "name": "half"})) // the name is free again
	noError(t, j.store.Close())
	equal(t, "in the store", fmt.Sprint(j.tree("store")), "[.gitignore 7/half/file]")
}

func TestSweepRemovesWhatTheDeadLeft(t *testing.T) {
	j := newArtifactJob(t, false)
	noError(t, j.store.Sweep()) // nothing there yet
	j.write("workspace/file", "1")
	noError(t, j.upload(map[string]string{"path": "file"}))
	dead := j.dir + "/store/" + workPrefix + "dead"
	noError(t, os.MkdirAll(dead+"/7/artifact", 0o755))
	noError(t, NewArtifacts(j.dir+"/store", true).Sweep())
	if j.exists("store/" + filepath.Base(dead)) {
		t.Error("the dead one's folder is still there")
	}
	noError(t, j.download(nil)) // a living one's is, too
}

func FuzzArtifactName(f *testing.F) {
	for _, seed := range []string{"a", "..", "a/b", "\x00", ".slipway-1", strings.Repeat("x", 300)} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, name string) {
		if checkArtifactName(name) == nil && filepath.Dir(filepath.Join(dir, "7", name)) != filepath.Join(dir, "7") {
			t.Errorf("%q leads out", name)
		}
	})
}
