package builtin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"strings"
	"syscall"

	"slipway/internal/fault"
)

// contents are the files of an artifact.
type contents struct {
	names []string // slash-separated, in the order of their bytes
	size  int64    // bytes of all files
	// digest is, in hexadecimal, the SHA-256 of the only file; of several, that of
	// what sha256sum prints for them in their order.
	digest string
}

// copyFiles copies files into a folder and never out of it. Their modes are not
// kept, as GitHub's archives don't. open opens the file that is to have a name.
func copyFiles(ctx context.Context, names []string, open func(name string) (*os.File, error), to *os.Root) (contents, error) {
	c := copying{ctx: ctx, to: to, all: sha256.New(), one: sha256.New(), buffer: make([]byte, 256<<10)}
	for _, name := range names {
		if err := c.file(name, open); err != nil {
			if ctx.Err() != nil {
				return contents{}, fault.New(fault.Cancelled, "copying stopped at %s: %w", name, context.Cause(ctx))
			}
			return contents{}, fault.New(fault.Internal, "copy %s: %w", name, err)
		}
	}
	sum := c.all
	if len(names) == 1 {
		sum = c.one
	}
	return contents{names: names, size: c.size, digest: hex.EncodeToString(sum.Sum(nil))}, nil
}

// copying is a copyFiles under way.
type copying struct {
	ctx      context.Context
	to       *os.Root
	folder   string // the last one that was made sure of
	all, one hash.Hash
	buffer   []byte
	size     int64
}

func (c *copying) file(name string, open func(name string) (*os.File, error)) error {
	from, err := open(name)
	if err != nil {
		return err
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file that can be copied (%s)", from.Name(), info.Mode())
	}
	if folder := path.Dir(name); folder != c.folder && folder != "." {
		if err := c.to.MkdirAll(folder, 0o777); err != nil {
			return err
		}
		c.folder = folder
	}
	// Non-blocking: a pipe in the place of the file must not hold us up.
	to, err := c.to.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NONBLOCK, 0o666)
	if err != nil {
		return err
	}
	c.one.Reset()
	n, err := io.CopyBuffer(io.MultiWriter(to, c.one), untilDone{c.ctx, from}, c.buffer)
	if closeErr := to.Close(); err == nil {
		err = closeErr
	}
	c.size += n
	fmt.Fprintf(c.all, "%x  %s\n", c.one.Sum(nil), name)
	return err
}

// untilDone reads until a context ends.
type untilDone struct {
	ctx context.Context
	io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// forbidden are the characters that GitHub takes in no path of an artifact's
// file, because some file systems don't; slashes are none of a name either.
const forbidden = "\":<>|*?\r\n"

// checkArtifactName refuses the names that GitHub refuses, and those that are no
// folder's. Errors: fault.Invalid.
func checkArtifactName(name string) error {
	if name == "" {
		return fault.New(fault.Invalid, "Provided artifact name input during validation is empty")
	}
	if i := strings.IndexAny(name, forbidden+`\/`); i >= 0 {
		return fault.New(fault.Invalid, "The artifact name is not valid: %s. Contains the following character: %q.\nA name may hold none of \" : < > | * ? \\r \\n \\ /", name, name[i])
	}
	if name == "." || name == ".." || len(name) > 255 {
		return fault.New(fault.Invalid, "The artifact name is not valid: %s. It is the name of a folder here, of at most 255 bytes", name)
	}
	return nil
}

// checkArtifactFile refuses the paths that GitHub refuses. Errors: fault.Invalid.
func checkArtifactFile(name string) error {
	if i := strings.IndexAny(name, forbidden); i >= 0 {
		return fault.New(fault.Invalid, "The path for one of the files in artifact is not valid: /%s. Contains the following character: %q.\nA path may hold none of \" : < > | * ? \\r \\n", name, name[i])
	}
	return nil
}
