package builtin

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"slipway/internal/action"
	"slipway/internal/fault"
	"slipway/internal/glob"
)

// downloadArtifact is actions/download-artifact, version 4 and later, for
// artifacts of the same run.
type downloadArtifact struct {
	store *Artifacts
}

func downloadManifest() *action.Manifest {
	return &action.Manifest{
		Name: "Download a Build Artifact", Description: "Download a build artifact that was previously uploaded in the workflow by the upload-artifact action",
		Inputs: []action.ManifestInput{
			input("name", ""), input("artifact-ids", ""), input("path", ""), input("pattern", ""), input("merge-multiple", "false"),
			input("github-token", ""), computed("repository", "github.repository"), computed("run-id", "github.run_id"),
			input("skip-decompress", "false"), input("digest-mismatch", "error"),
		},
		Outputs: outputs("download-path"),
		Runs:    action.Runs{Using: "node24"},
	}
}

// downloadInputs are the inputs, read.
type downloadInputs struct {
	name     string
	ids      []int
	pattern  string
	path     string // absolute, as commands see it
	merge    bool
	packed   bool   // skip-decompress
	mismatch string // ignore, info, warn, error
}

func readDownload(call *action.Call) (in downloadInputs, err error) {
	in = downloadInputs{name: text(call, "name"), pattern: text(call, "pattern"), path: text(call, "path"), mismatch: text(call, "digest-mismatch")}
	for name, field := range map[string]*bool{"merge-multiple": &in.merge, "skip-decompress": &in.packed} {
		if *field, err = truth(call, name); err != nil {
			return in, err
		}
	}
	if in.mismatch == "" {
		in.mismatch = "error"
	}
	if !slices.Contains([]string{"ignore", "info", "warn", "error"}, in.mismatch) {
		return in, fault.New(fault.Invalid, "Invalid value for 'digest-mismatch': '%s'. Valid options are: ignore, info, warn, error", in.mismatch)
	}
	run, repository := text(call, "run-id"), text(call, "repository")
	if run != "" && run != github(call, "run_id") || repository != "" && !strings.EqualFold(repository, github(call, "repository")) {
		return in, fault.New(fault.Missing, "only artifacts of the same run can be downloaded here: run %s of %s is another one. Remove the inputs run-id and repository, or fetch it with a step of your own",
			run, repository)
	}
	workspace := path.Clean(call.Env["GITHUB_WORKSPACE"])
	if home, ok := strings.CutPrefix(in.path, "~"); ok {
		in.path = call.Env["HOME"] + home
	}
	if !path.IsAbs(in.path) {
		in.path = path.Join(workspace, in.path)
	}
	in.path = path.Clean(in.path)
	in.ids, err = artifactIDs(text(call, "artifact-ids"))
	if err == nil && in.name != "" && len(in.ids) > 0 {
		err = fault.New(fault.Invalid, "Inputs 'name' and 'artifact-ids' cannot be used together. Please specify only one.")
	}
	return in, err
}

// artifactIDs reads a list of numbers with commas between; "" is none.
func artifactIDs(list string) ([]int, error) {
	var ids []int
	for id := range strings.SplitSeq(list, ",") {
		if id = strings.TrimSpace(id); id == "" {
			continue
		}
		n, err := strconv.Atoi(id)
		if err != nil {
			return nil, fault.New(fault.Invalid, "Invalid artifact ID: '%s'. Must be a number.", id)
		}
		ids = append(ids, n)
	}
	if list != "" && len(ids) == 0 {
		return nil, fault.New(fault.Invalid, "No valid artifact IDs provided in 'artifact-ids' input")
	}
	return ids, nil
}

// Main downloads the artifacts that the inputs choose.
func (d downloadArtifact) Main(ctx context.Context, call *action.Call) error {
	err := d.download(ctx, call)
	if err != nil {
		return fault.New(fault.CodeOf(err), "Unable to download artifact(s): %w", err)
	}
	return nil
}

// Post does nothing: the original has no post phase.
func (downloadArtifact) Post(context.Context, *action.Call) error { return nil }

func (d downloadArtifact) download(ctx context.Context, call *action.Call) error {
	in, err := readDownload(call)
	if err != nil {
		return err
	}
	chosen, err := d.choose(call, in)
	if err != nil {
		return err
	}
	if len(chosen) > 0 {
		if err := say(call, "Preparing to download the following artifacts:"); err != nil {
			return err
		}
	}
	for _, x := range chosen {
		if err := say(call, "- %s (ID: %d, Size: %d, Expected Digest: sha256:%s)", x.name, x.id, x.size, x.digest); err != nil {
			return err
		}
	}
	apart := in.name == "" && !in.merge && (len(chosen) != 1 || ownFolderForOne(call))
	var changed []string
	for _, x := range chosen {
		to := in.path
		if apart {
			to = path.Join(to, x.name)
		}
		same, err := d.fetch(ctx, call, x, fetching{to: to, packed: in.packed && !x.raw})
		if err != nil {
			return err
		}
		if !same {
			changed = append(changed, x.name)
		}
	}
	if err := in.digestsChanged(call, changed); err != nil {
		return err
	}
	call.SetOutput("download-path", in.path)
	return say(call, "Total of %d artifact(s) downloaded\nDownload artifact has finished successfully", len(chosen))
}

// ownFolderForOne reports that the action is of a version that gives an artifact
// a folder of its own also when it is the only one: those before 5.
func ownFolderForOne(call *action.Call) bool {
	ref := github(call, "action_ref")
	major, _, _ := strings.Cut(strings.TrimPrefix(ref, "v"), ".")
	n, err := strconv.Atoi(major)
	return strings.HasPrefix(ref, "v") && err == nil && n < 5
}

// choose lists the artifacts that the inputs ask for.
func (d downloadArtifact) choose(call *action.Call, in downloadInputs) ([]artifact, error) {
	all := d.store.list(github(call, "run_id"))
	switch {
	case in.name != "":
		i := slices.IndexFunc(all, func(x artifact) bool { return x.name == in.name })
		if i < 0 {
			return nil, fault.New(fault.NotFound, "Artifact not found for name: %s\nThe run has %s", in.name, listNames(all))
		}
		return all[i : i+1], say(call, "Downloading single artifact")
	case len(in.ids) > 0:
		if err := say(call, "Downloading artifacts by ID"); err != nil {
			return nil, err
		}
		return byID(call, all, in.ids)
	case in.pattern == "":
		if err := say(call, "No input name, artifact-ids or pattern filtered specified, downloading all artifacts"); err != nil || in.merge {
			return all, err
		}
		return all, say(call, "An extra directory with the artifact name will be created for each download")
	}
	pattern, err := glob.ParseName(in.pattern)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%w", err)
	}
	all = slices.DeleteFunc(all, func(x artifact) bool { return !pattern.Match(x.name) })
	return all, say(call, "Filtering artifacts by pattern '%s'", in.pattern)
}

func byID(call *action.Call, all []artifact, ids []int) ([]artifact, error) {
	var missing []string
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(x artifact) bool { return x.id == id }) {
			missing = append(missing, strconv.Itoa(id))
		}
	}
	all = slices.DeleteFunc(all, func(x artifact) bool { return !slices.Contains(ids, x.id) })
	switch {
	case len(all) == 0:
		return nil, fault.New(fault.NotFound, "None of the provided artifact IDs were found")
	case len(missing) > 0:
		return all, say(call, "::warning::Could not find the following artifact IDs: %s", strings.Join(missing, ", "))
	}
	return all, nil
}

func listNames(all []artifact) string {
	if len(all) == 0 {
		return "no artifacts; the job that uploads one must be finished before: does this job need it?"
	}
	var names []string
	for _, x := range all {
		names = append(names, x.name)
	}
	return "the artifacts " + strings.Join(names, ", ")
}

// digestsChanged tells of artifacts that somebody changed in the store.
func (in downloadInputs) digestsChanged(call *action.Call, names []string) error {
	if in.mismatch == "error" && len(names) > 0 {
		return fault.New(fault.Conflict, "Digest validation failed for artifact(s): %s. Use 'digest-mismatch: warn' to continue on mismatch.", strings.Join(names, ", "))
	}
	prefix := map[string]string{"info": "", "warn": "::warning::"}
	for _, name := range names {
		if start, told := prefix[in.mismatch]; told {
			if err := say(call, "%sArtifact '%s' digest validation failed. Please verify the integrity of the artifact.", start, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// fetching says where an artifact goes, and how.
type fetching struct {
	to     string // folder, as commands see it
	packed bool   // as NAME.zip
}

// fetch copies an artifact and reports whether it is what was uploaded.
func (d downloadArtifact) fetch(ctx context.Context, call *action.Call, x artifact, f fetching) (same bool, err error) {
	from, err := d.store.open(github(call, "run_id"), x)
	if err != nil {
		return false, err
	}
	defer from.Close()
	to, err := openFolder(call, f.to)
	if err != nil {
		return false, err
	}
	defer to.Close()
	if err := say(call, "Starting download of artifact to: %s", f.to); err != nil {
		return false, err
	}
	if f.packed {
		return true, pack(ctx, x, from, to)
	}
	got, err := copyFiles(ctx, x.names, from.Open, to)
	if err != nil {
		return false, err
	}
	return got.digest == x.digest, say(call, "SHA256 digest of downloaded artifact is %s", got.digest)
}

// openFolder opens a folder for files to be written to, and makes it when it is
// missing. Symbolic links in the workspace may not lead out of it.
func openFolder(call *action.Call, inner string) (*os.Root, error) {
	workspace := path.Clean(call.Env["GITHUB_WORKSPACE"])
	failed := func(err error) error {
		return fault.New(fault.Invalid, "the folder %s to download to: %w", inner, err)
	}
	if !under(workspace, inner) {
		host, err := hostPath(call, inner)
		if err != nil {
			return nil, err
		}
		if err := os.MkdirAll(host, 0o777); err != nil {
			return nil, failed(err)
		}
		root, err := os.OpenRoot(host)
		if err != nil {
			return nil, failed(err)
		}
		return root, nil
	}
	root, err := os.OpenRoot(call.Host(workspace))
	if err != nil {
		return nil, failed(err)
	}
	rel := strings.TrimPrefix(strings.TrimPrefix(inner, workspace), "/")
	if rel == "" {
		return root, nil
	}
	defer root.Close()
	if err := root.MkdirAll(rel, 0o777); err != nil {
		return nil, failed(err)
	}
	folder, err := root.OpenRoot(rel)
	if err != nil {
		return nil, failed(err)
	}
	return folder, nil
}

// pack writes an artifact as NAME.zip.
func pack(ctx context.Context, x artifact, from, to *os.Root) (err error) {
	file, err := to.Create(x.name + ".zip")
	if err != nil {
		return fault.New(fault.Internal, "write %s.zip: %w", x.name, err)
	}
	archive := zip.NewWriter(file)
	for _, name := range x.names {
		if err = packFile(ctx, archive, from, name); err != nil {
			break
		}
	}
	if err = errors.Join(err, archive.Close(), file.Close()); err != nil {
		return fault.New(fault.Internal, "write %s.zip: %w", x.name, err)
	}
	return nil
}

func packFile(ctx context.Context, archive *zip.Writer, from *os.Root, name string) error {
	file, err := from.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	to, err := archive.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, untilDone{ctx, file})
	return err
}
