package workflow

import (
	"errors"
	"strings"

	"slipway/internal/expr"
)

// MaxLegs is how many jobs one matrix may make.
const MaxLegs = 256

// maxCombinations bounds the combinations looked at before exclude leaves
// MaxLegs of them or fewer.
const maxCombinations = 1 << 16

// ErrTooManyLegs is the error of a matrix with more than MaxLegs legs. It has
// no position: GitHub names the job instead.
var ErrTooManyLegs = errors.New("Strategy expansion exceeded 256 results")

// Strategy is an evaluated `strategy`.
type Strategy struct {
	FailFast    bool
	MaxParallel int          // 0: as many as there are
	Legs        []expr.Value // each an ordered object; empty: there is no matrix
	Names       []string     // of the legs, as a job's name shows them: "1, a"
}

// EvaluateStrategy evaluates `strategy`: the product of the matrix without
// what is excluded, widened and then followed by what is included, in
// GitHub's order (MatrixBuilder.cs).
func EvaluateStrategy(t *Token, s *expr.Scope) (Strategy, error) {
	tooMany := false
	strategy, err := evaluate(t, s, Strategy{FailFast: true}, func(e *evaluator, n *node) Strategy {
		result := Strategy{FailFast: true}
		var m *matrix
		e.properties(n, map[string]func(*node){
			"fail-fast":    func(v *node) { result.FailFast = e.boolean(v) },
			"max-parallel": func(v *node) { result.MaxParallel = max(0, truncate(e.number(v))) },
			"matrix":       func(v *node) { m = e.matrix(v) },
		})
		if m != nil && !e.failed() {
			tooMany = !m.build(&result)
		}
		return result
	})
	if tooMany {
		return Strategy{}, ErrTooManyLegs
	}
	return strategy, err
}

// truncate is C#'s conversion of a number to an integer, without its overflow.
func truncate(f float64) int {
	switch {
	case f != f:
		return 0
	case f > 1<<30:
		return 1 << 30
	case f < -(1 << 30):
		return -(1 << 30)
	}
	return int(f)
}

// matrix is a checked `matrix`.
type matrix struct {
	vectors  []vector
	includes []include
	excludes []filter
}

type vector struct {
	name   string
	values []expr.Value
}

// include is one item of `include`: the keys that are vectors select
// combinations, the others are added to those selected.
type include struct {
	all     []pair // in the order of the file
	filter  filter
	extra   []pair
	matched bool
}

type pair struct {
	key   string
	value expr.Value
}

// filter selects combinations: every leaf must equal the value at its path.
type filter []leaf

type leaf struct {
	path  []expr.Value
	value expr.Value
}

// matrix checks the parts of a matrix. Includes and excludes are checked
// after the vectors, whatever their order in the file.
func (e *evaluator) matrix(n *node) *matrix {
	if !e.isMapping(n) {
		return nil
	}
	m := &matrix{}
	var includes, excludes []node
	vectors := 0
	for i := range n.keys {
		key, value := n.keys[i].value.Text(), &n.items[i]
		switch key {
		case "include":
			includes = e.sequence(value)
		case "exclude":
			excludes = e.sequence(value)
		case "":
			e.unexpected(&n.keys[i])
		default:
			vectors++
			e.addVector(m, key, value)
		}
	}
	if e.failed() {
		return nil
	}
	if vectors == 0 && len(includes) == 0 {
		e.add(n.pos, "Matrix must define at least one vector")
	}
	for i := range includes {
		e.addInclude(m, &includes[i])
	}
	for i := range excludes {
		e.addExclude(m, &excludes[i])
	}
	return m
}

func (e *evaluator) addVector(m *matrix, name string, n *node) {
	before := len(e.errors)
	items := e.sequence(n)
	if len(items) == 0 && len(e.errors) == before {
		e.add(n.pos, "Matrix vector '"+name+"' does not contain any values")
	}
	v := vector{name: name, values: make([]expr.Value, len(items))}
	for i := range items {
		v.values[i] = items[i].data()
	}
	m.vectors = append(m.vectors, v)
}

func (m *matrix) hasVector(name string) bool {
	for i := range m.vectors {
		if strings.EqualFold(m.vectors[i].name, name) {
			return true
		}
	}
	return false
}

func (e *evaluator) addInclude(m *matrix, n *node) {
	if !e.isMapping(n) {
		return
	}
	if len(n.keys) == 0 {
		e.add(n.pos, "Matrix include mapping does not contain any values")
		return
	}
	var in include
	for i := range n.keys {
		p := pair{n.keys[i].value.Text(), n.items[i].data()}
		if m.hasVector(p.key) {
			in.filter.add([]expr.Value{expr.String(p.key)}, &n.items[i])
			in.all = append(in.all, p)
		} else {
			in.extra = append(in.extra, p)
		}
	}
	in.all = append(in.all, in.extra...) // GitHub puts the vectors' keys first
	m.includes = append(m.includes, in)
}

func (e *evaluator) addExclude(m *matrix, n *node) {
	if !e.isMapping(n) {
		return
	}
	if len(n.keys) == 0 {
		e.add(n.pos, "Matrix exclude filter must not be empty")
		return
	}
	var f filter
	for i := range n.keys {
		name := n.keys[i].value.Text()
		if !m.hasVector(name) {
			e.add(n.keys[i].pos, "Matrix exclude key '"+name+"' does not match any key within the matrix")
		}
		f.add([]expr.Value{expr.String(name)}, &n.items[i])
	}
	m.excludes = append(m.excludes, f)
}

// add gathers the leaves of n. One without leaves selects everything.
func (f *filter) add(path []expr.Value, n *node) {
	at := func(step expr.Value) []expr.Value { return append(path[:len(path):len(path)], step) }
	switch n.kind {
	case TokenMapping:
		for i := range n.keys {
			f.add(at(n.keys[i].value), &n.items[i])
		}
	case TokenSequence:
		for i := range n.items {
			f.add(at(expr.Number(float64(i))), &n.items[i])
		}
	default:
		*f = append(*f, leaf{path: path, value: n.value})
	}
}

func (f filter) matches(combination *expr.Object) bool {
	for _, l := range f {
		if !valueAt(combination, l.path).Equal(l.value) {
			return false
		}
	}
	return true
}

// valueAt follows a path of keys and indexes; what is not there is null.
func valueAt(o *expr.Object, path []expr.Value) expr.Value {
	v, _ := o.Get(path[0].Text())
	for _, step := range path[1:] {
		if step.Kind() == expr.KindNumber {
			items, i := v.Items(), int(step.Float())
			if i >= len(items) {
				return expr.Null()
			}
			v = items[i]
		} else {
			v = v.Field(step.Text())
		}
	}
	return v
}

// build makes the legs, or reports that there are too many.
func (m *matrix) build(s *Strategy) (ok bool) {
	product := 0
	for i := range m.vectors {
		product = max(product, 1) * len(m.vectors[i].values)
		if product > maxCombinations {
			return false
		}
	}
	for i := range product {
		combination := m.combination(i, product)
		if m.excluded(combination) {
			continue
		}
		name := legName(combination)
		m.widen(combination)
		if !s.addLeg(combination, name) {
			return false
		}
	}
	for i := range m.includes {
		if m.includes[i].matched {
			continue
		}
		leg := expr.NewObject()
		for _, p := range m.includes[i].all {
			leg.Set(p.key, p.value)
		}
		if !s.addLeg(leg, legName(leg)) {
			return false
		}
	}
	return true
}

func (s *Strategy) addLeg(leg *expr.Object, name string) bool {
	s.Legs = append(s.Legs, expr.FromObject(leg))
	s.Names = append(s.Names, name)
	return len(s.Legs) <= MaxLegs
}

// combination is the index-th of the product, the last vector turning fastest.
func (m *matrix) combination(index, product int) *expr.Object {
	o := expr.NewObject()
	block := product
	for i := range m.vectors {
		v := &m.vectors[i]
		block /= len(v.values)
		o.Set(v.name, v.values[index/block%len(v.values)])
	}
	return o
}

func (m *matrix) excluded(combination *expr.Object) bool {
	for _, f := range m.excludes {
		if f.matches(combination) {
			return true
		}
	}
	return false
}

// widen adds what the matching includes bring. It never changes a vector's
// value; a later include may change what an earlier one brought.
func (m *matrix) widen(combination *expr.Object) {
	var extra []pair
	for i := range m.includes {
		if in := &m.includes[i]; in.filter.matches(combination) {
			in.matched = true
			extra = append(extra, in.extra...)
		}
	}
	for _, p := range extra {
		combination.Set(p.key, p.value)
	}
}

// legName joins every scalar in a leg, however deep. What includes added to a
// combination is not part of its name.
func legName(leg *expr.Object) string {
	var segments []string
	var walk func(v expr.Value)
	walk = func(v expr.Value) {
		switch v.Kind() {
		case expr.KindArray:
			for _, item := range v.Items() {
				walk(item)
			}
		case expr.KindObject:
			for _, item := range v.Object().All() {
				walk(item)
			}
		default:
			if text := v.Text(); text != "" {
				segments = append(segments, text)
			}
		}
	}
	walk(expr.FromObject(leg))
	return strings.Join(segments, ", ")
}
