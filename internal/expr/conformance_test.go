package expr_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"slipway/internal/expr"
	"slipway/internal/testkit"
)

// conformanceCase is one case of GitHub's own data (actions/languageservices).
type conformanceCase struct {
	Expr     string
	Contexts expr.Value
	Result   struct {
		Kind  string
		Value any
	}
	Err *struct{ Kind, Value string }
}

func TestConformance(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testkit.Shared(t), "conformance", "expressions", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no conformance data: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var groups map[string][]conformanceCase
		if err := json.Unmarshal(data, &groups); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for group, cases := range groups {
			for i, c := range cases {
				t.Run(fmt.Sprintf("%s/%s/%d", filepath.Base(file), group, i), func(t *testing.T) { c.check(t) })
			}
		}
	}
}

func (c conformanceCase) check(t *testing.T) {
	v, err := evaluate(c.Expr, c.Contexts.Object())
	if c.Err != nil {
		e, ok := err.(*expr.Error)
		if !ok || string(e.Kind) != c.Err.Kind || !strings.Contains(e.Message, c.Err.Value) {
			t.Fatalf("%s\n got %v (%v)\nwant %s error %q", c.Expr, err, v, c.Err.Kind, c.Err.Value)
		}
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", c.Expr, err)
	}
	if v.Kind().String() != c.Result.Kind {
		t.Fatalf("%s is %s, want %s", c.Expr, v.Kind(), c.Result.Kind)
	}
	var got any
	if err := json.Unmarshal(v.AppendJSON(nil), &got); err != nil {
		t.Fatal(err)
	}
	if want, ok := c.Result.Value.(float64); ok && math.Abs(got.(float64)-want) <= 1e-15*math.Abs(want) {
		return
	}
	if !reflect.DeepEqual(got, c.Result.Value) {
		t.Fatalf("%s\n got %v\nwant %v", c.Expr, got, c.Result.Value)
	}
}

// evaluate evaluates src, which may use exactly these contexts, as `slipway
// eval --batch` does.
func evaluate(src string, contexts *expr.Object) (expr.Value, error) {
	var names expr.Names
	for name := range contexts.All() {
		names.Contexts = append(names.Contexts, name)
	}
	x, err := expr.Parse(src, &names)
	if err != nil {
		return expr.Null(), err
	}
	return x.Eval(&expr.Scope{Contexts: contexts, MaxBytes: expr.BareMaxBytes})
}
