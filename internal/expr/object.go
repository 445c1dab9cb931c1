package expr

import (
	"iter"
	"slices"
)

// smallObject is the number of keys up to which a look-up scans; above it the
// object keeps an index.
const smallObject = 12

// Object is a list of keys and values in the order they were first set.
// Looking up a key ignores its case unless the object was made case-sensitive.
// The zero Object is empty and ready to use; reading a nil *Object finds
// nothing. An Object may be read concurrently, but not while it is changed.
type Object struct {
	keys   []string
	values []Value
	index  map[string]int // folded key → position; kept only above smallObject keys
	exact  bool           // keys are case-sensitive
}

// Pair is a key and its value.
type Pair struct {
	Key   string
	Value Value
}

// NewObject returns an object with these pairs whose keys ignore case.
func NewObject(pairs ...Pair) *Object {
	o := &Object{}
	if len(pairs) > 0 {
		o.keys, o.values = make([]string, 0, len(pairs)), make([]Value, 0, len(pairs))
	}
	for _, p := range pairs {
		o.Set(p.Key, p.Value)
	}
	return o
}

// NewCaseSensitiveObject returns an empty object whose keys are compared
// exactly, as the env context's are on Linux.
func NewCaseSensitiveObject() *Object { return &Object{exact: true} }

// Set gives key a value and returns o. A key that is there already keeps its
// place and its spelling (DictionaryExpressionData.cs).
func (o *Object) Set(key string, v Value) *Object {
	if i := o.find(key); i >= 0 {
		o.values[i] = v
		return o
	}
	o.keys = append(o.keys, key)
	o.values = append(o.values, v)
	switch {
	case o.index != nil:
		o.index[o.fold(key)] = len(o.keys) - 1
	case len(o.keys) > smallObject:
		o.reindex()
	}
	return o
}

// Get returns the value of key and whether there is one.
func (o *Object) Get(key string) (Value, bool) {
	if i := o.find(key); i >= 0 {
		return o.values[i], true
	}
	return Value{}, false
}

// get is Get into v, which becomes null when there is no such key.
func (o *Object) get(key string, v *Value) {
	if i := o.find(key); i >= 0 {
		*v = o.values[i]
		return
	}
	*v = Value{}
}

// Delete removes key.
func (o *Object) Delete(key string) {
	i := o.find(key)
	if i < 0 {
		return
	}
	o.keys = slices.Delete(o.keys, i, i+1)
	o.values = slices.Delete(o.values, i, i+1)
	o.index = nil
	if len(o.keys) > smallObject {
		o.reindex()
	}
}

// Len returns the number of keys.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.keys)
}

// All yields the keys and values in order.
func (o *Object) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for i := range o.Len() {
			if !yield(o.keys[i], o.values[i]) {
				return
			}
		}
	}
}

// Clone returns a copy that can be changed without changing o. The values
// themselves are shared.
func (o *Object) Clone() *Object {
	if o == nil {
		return &Object{}
	}
	c := &Object{keys: slices.Clone(o.keys), values: slices.Clone(o.values), exact: o.exact}
	if o.index != nil {
		c.reindex()
	}
	return c
}

// find returns the position of key, or -1.
func (o *Object) find(key string) int {
	switch {
	case o == nil:
		return -1
	case o.index == nil && o.exact:
		return slices.Index(o.keys, key)
	case o.index == nil:
		return o.scan(key)
	}
	if o.exact {
		if i, ok := o.index[key]; ok {
			return i
		}
		return -1
	}
	var buf [64]byte // most keys fit, so that looking up does not allocate
	if i, ok := o.index[string(appendFold(buf[:0], key))]; ok {
		return i
	}
	return -1
}

// scan is find without an index.
func (o *Object) scan(key string) int {
	ascii := isASCII(key) // then only a key of the same length can be equal
	for i, k := range o.keys {
		if ascii && len(k) != len(key) {
			continue
		}
		if equalFold(k, key) {
			return i
		}
	}
	return -1
}

func (o *Object) reindex() {
	o.index = make(map[string]int, 2*len(o.keys))
	for i, key := range o.keys {
		o.index[o.fold(key)] = i
	}
}

// fold returns key as the index holds it.
func (o *Object) fold(key string) string {
	if o.exact {
		return key
	}
	return string(appendFold(nil, key))
}
